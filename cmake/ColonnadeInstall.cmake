# Headers, generated headers and the CMake package of `cmake --install`.

include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Colonnade)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/colonnade
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h" PATTERN "*.td")
install(DIRECTORY ${PROJECT_BINARY_DIR}/include/colonnade
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.inc" PATTERN "CMakeFiles" EXCLUDE)

install(EXPORT ColonnadeTargets NAMESPACE Colonnade::
        DESTINATION ${package_dir})
configure_package_config_file(
  ${PROJECT_SOURCE_DIR}/cmake/ColonnadeConfig.cmake.in
  ${PROJECT_BINARY_DIR}/cmake/ColonnadeConfig.cmake
  INSTALL_DESTINATION ${package_dir}
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/cmake/ColonnadeConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/cmake/ColonnadeConfig.cmake
              ${PROJECT_BINARY_DIR}/cmake/ColonnadeConfigVersion.cmake
        DESTINATION ${package_dir})
