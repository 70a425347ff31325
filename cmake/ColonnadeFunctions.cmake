# Helpers for Colonnade's own libraries, programs and tests.

# The MLIR headers that nearly every file includes, compiled once: parsing them
# takes ten seconds, loading them a tenth of one.
function(colonnade_use_mlir_headers target)
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    target_compile_options(${target} PRIVATE
      "SHELL:-Xclang -fno-pch-timestamp" -fpch-instantiate-templates
      # Programs would get -fPIE, which the headers were not compiled with.
      -fPIC)
  endif()
  if(target STREQUAL "ColonnadeHeaders")
    target_precompile_headers(${target} PRIVATE
      ${PROJECT_SOURCE_DIR}/cmake/MLIRHeaders.h)
  else()
    target_precompile_headers(${target} REUSE_FROM ColonnadeHeaders)
  endif()
endfunction()

# colonnade_add_library(<name> <sources>... [MLIR] [LINK <libraries>...]
#                       [DEPENDS <targets>...])
# A static library with headers under include/. MLIR: it uses MLIR IR.
function(colonnade_add_library name)
  cmake_parse_arguments(ARG "MLIR" "" "LINK;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  add_library(Colonnade::${name} ALIAS ${name})
  target_include_directories(${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(${name} PUBLIC cxx_std_20)
  target_link_libraries(${name} PUBLIC ${ARG_LINK} LLVM)
  if(ARG_MLIR)
    target_link_libraries(${name} PUBLIC MLIR)
    colonnade_use_mlir_headers(${name})
  endif()
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  install(TARGETS ${name} EXPORT ColonnadeTargets
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
endfunction()

# colonnade_add_tool(<name> <sources>... LINK <libraries>...)
function(colonnade_add_tool name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} MLIR LLVM)
  colonnade_use_mlir_headers(${name})
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()

# colonnade_embed_json(<directory> <include file> <installed folder>)
# Writes the JSON files of a directory into an include file under
# include/colonnade, so that programs know them by name wherever they are
# installed, and installs them.
function(colonnade_embed_json directory include_file installed_folder)
  file(GLOB files CONFIGURE_DEPENDS ${directory}/*.json)
  set(text "")
  foreach(path ${files})
    get_filename_component(name ${path} NAME_WE)
    file(READ ${path} json)
    string(APPEND text "{\"${name}\", R\"JSON(${json})JSON\"},\n")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
  endforeach()
  file(CONFIGURE
    OUTPUT ${PROJECT_BINARY_DIR}/include/colonnade/${include_file}
    CONTENT "${text}" @ONLY)
  install(FILES ${files}
    DESTINATION ${CMAKE_INSTALL_DATADIR}/colonnade/${installed_folder})
endfunction()
