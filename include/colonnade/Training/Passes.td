//===- Passes.td - From a network to its training step -----*- tablegen -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TRAINING_PASSES
#define COLONNADE_TRAINING_PASSES

include "mlir/Pass/PassBase.td"

def SetBatch : Pass<"colonnade-set-batch", "::mlir::func::FuncOp"> {
  let summary = "Change how many inputs a network takes at a time";
  let description = [{
    Networks are shipped with a batch of 1; training wants more. The leading
    dimension of every argument is the batch, but for parameters
    (`--colonnade-outline-parameters`), which have none; it is followed through linalg,
    tensor and elementwise arith ops, whose types are rewritten, and values that
    do not depend on the batch (a position embedding) are broadcast where they
    meet one that does. Each input's result is what it was with its own batch:
    an op that mixes the elements of a batch, or that has no rule here, is an
    error that names it.

    Example, `--colonnade-set-batch=size=128`:

    ```mlir
    func.func @main(%x: tensor<1x784xf32>) -> tensor<1x10xf32> {
      %w = arith.constant dense<0.5> : tensor<784x10xf32>
      %e = tensor.empty() : tensor<1x10xf32>
      // becomes tensor<128x784xf32>, tensor<784x10xf32> -> tensor<128x10xf32>
      %y = linalg.matmul ins(%x, %w : tensor<1x784xf32>, tensor<784x10xf32>)
                         outs(%e : tensor<1x10xf32>) -> tensor<1x10xf32>
      return %y : tensor<1x10xf32>
    }
    ```
  }];
  let options = [Option<"size", "size", "int64_t", /*default=*/"1",
                        "How many inputs the network is to take at a time">];
  let dependentDialects = ["::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def InsertBatchNorm : Pass<"colonnade-insert-batch-norm", "::mlir::func::FuncOp"> {
  let summary = "Put batch normalization behind every convolution";
  let description = [{
    Networks are shipped with their batch normalization folded into weights and
    biases; trained from the start they want it back. Behind every convolution by
    a constant f32 filter `%w` this inserts a `colonnade.batch_norm_inference`
    with scale and variance 1, offset and mean 0. A bias per channel, added to the
    convolution by an op of its own, becomes the offset instead: a normalization
    takes a bias before it away again. The parameters are named after the filter:
    `<filter>.batch_norm.scale`, `.offset`, `.mean` and `.variance`. Trained
    weights stay, but what the network computes changes until it is trained.

    Remarks, category `colonnade`, name `insert-batch-norm`: passed, for each
    convolution with a normalization behind it; missed, with the reason, for each
    other one (grouped ones, whose channels are two dimensions).

    Example:

    ```mlir
    %y = linalg.conv_2d_nchw_fchw
        ins(%x, %w : tensor<1x2x9x9xf32>, tensor<4x2x3x3xf32>)
        outs(%zero : tensor<1x4x7x7xf32>) -> tensor<1x4x7x7xf32>
    // and %y + bias, behind it, becomes
    %z = colonnade.batch_norm_inference %y scale(%ones) offset(%bias)
        mean(%zeros) variance(%more_ones) axis = 1 epsilon = 1.0e-5
        momentum = 0.1 : tensor<1x4x7x7xf32>, tensor<4xf32>
    ```
  }];
  let options = [Option<"epsilon", "epsilon", "double", /*default=*/"1e-5",
                        "What is added to variances">,
                 Option<"momentum", "momentum", "double", /*default=*/"0.1",
                        "Share of a batch in the next running statistics">];
  let dependentDialects = ["::colonnade::ColonnadeDialect",
                           "::mlir::arith::ArithDialect"];
}

def InitializeParameters
    : Pass<"colonnade-initialize-parameters", "::mlir::func::FuncOp"> {
  let summary = "Give the weights of a network fresh random values";
  let description = [{
    For training from the start. The weights of products and convolutions are
    drawn uniformly from [-a, a], a = sqrt(6 / fan-in), where fan-in counts the
    inputs that are summed up in one output (He et al., ICCV 2015); what an
    elementwise op adds becomes 0, what it multiplies by 1; batch normalization
    begins with scale and variance 1, offset and mean 0. Parameters are those of
    `--colonnade-outline-parameters`, before that pass. The same seed gives the
    same bits on every machine.

    Example, `--colonnade-initialize-parameters=seed=1`.
  }];
  let options = [Option<"seed", "seed", "uint64_t", /*default=*/"1",
                        "Seed of the random values">];
}

def TrainingStep : Pass<"colonnade-training-step", "::mlir::ModuleOp"> {
  let summary = "Make the training step of a network";
  let description = [{
    From `@main`, a network of one input [batch, ...] and one result
    [batch, classes], makes `@training_step`, one step of gradient descent:

    ```
    (parameters..., state..., step, inputs, labels)
        -> (parameters..., state..., step + 1, loss, logits)
    ```

    Float weights of `@main` are its parameters; where
    `--colonnade-outline-parameters` has not made them arguments, with their name
    in the argument attribute `colonnade.parameter`, this does. The optimizer's state follows in the same order, named
    `<parameter>.<state>` in `colonnade.state`, and so do the running statistics of
    `colonnade.batch_norm_inference`: the step normalizes by those of the batch,
    with gradients through them, and returns the next running ones, by which
    `@main` evaluates. The step is a tensor<i64> from 0,
    labels are a tensor<batch x i32>, the loss is a tensor<f32>, a mean over the
    batch. Gradients are those of `--colonnade-differentiate`; optimizers and
    schedules follow PyTorch's conventions. `@main` stays, with parameters as
    arguments, to evaluate.

    With a `format` other than `fp32`, the operands of every product and
    convolution are rounded to it, forward and backward; sums, everything
    between the products and the parameters stay f32. Gradients pass rounding
    straight through. In block formats the weights W and the activations A are
    rounded as `rounding` says, in blocks along the longest loop that the forward
    product sums up, and the gradient G of a product's result by noise, as
    `gradient-rounding` says (noise that saturates makes every gradient's largest
    values too small, which training at 2 bits does not survive), by
    `seed` and the step's number, along the output channels. `blocks=reform`
    rounds the operands of each backward product anew, along what it sums up.

    `fast-adaptive` is the policy of FAST (HPCA 2022, section 4): every
    `refresh-interval` steps each layer l chooses between 2 and 4 mantissa bits
    for W, A and G. With r(X) = sum |X4 - X2| / sum |X2|, X2 and X4 the tensor in
    blocks of that many bits, it takes 2 where r(X) < threshold-start -
    threshold-slope step / total-steps - threshold-depth-slope l / layers (FAST has
    one slope for both); `gradient-margin` is added for G, whose rounding is
    unbiased noise that many steps average, and `activation-product-margin` for all
    three of a product of two activations (attention). What is in use is state of the
    step, a tensor<3xi32> `<layer>.mantissa` for every layer. Layers that read the network's
    input read it with 4 bits in every step, unless `fine-input` is false: r(X) of images is
    small (much of them is background, and blocks along a single channel hold one
    value each), so that they would have 2 bits to the end.

    With `evaluation` and a format other than `fp32` there is a third function,
    `@evaluation`: `@main` with the operands of its products rounded as the forward
    products of the step are, which is what a machine of this format computes. Of
    `fast-adaptive` it takes the mantissa bits of every layer, in the order of the
    step's state, in front of the input.

    With `distillation` > 0 the network computes twice (Zhang, McDanel, Kung,
    ASPLOS 2021, section 5): as the teacher, with its parameters, and as the
    student, with state `<parameter>.student` in place of the weights of products
    and with the first element of state `student.terms`, a tensor<1xi32>, as the
    limit of every `colonnade.fake_quantize` that has terms. Whoever runs the step
    sets both before each step. With d = `distillation` and T = `temperature` the
    loss is d T^2 KL(softmax(teacher / T) || softmax(student / T)), in which the
    teacher is a constant, + (1 - d) / 2 (cross-entropy of the teacher's logits +
    that of the student's). A weight's gradient is the sum of both networks'
    gradients; the logits that the step returns are the teacher's.

    With `measure-drift` the step returns one more tensor<f32>: how far the
    streams that its backward pass computes from results of `colonnade.reversible`
    are off, the largest max |x - x'| / max |x| of the streams with which chains of
    couplings begin. It is 0 of fixed-point streams.

    Example:

    ```
    colonnade-opt resnet8.mlir --colonnade-outline-parameters --colonnade-set-batch=size=128
      --colonnade-training-step='optimizer=sgd learning-rate=0.1 schedule=cosine total-steps=1872'
    colonnade-opt resnet8.mlir --colonnade-training-step='format=fast-adaptive total-steps=1872'
    ```
  }];
  let options = [
    Option<"loss", "loss", "::colonnade::LossKind",
           /*default=*/"::colonnade::LossKind::CrossEntropy", "What is minimized",
           [{::llvm::cl::values(clEnumValN(::colonnade::LossKind::CrossEntropy,
             "cross-entropy", "softmax cross-entropy with integer labels"))}]>,
    Option<"optimizer", "optimizer", "::colonnade::OptimizerKind",
           /*default=*/"::colonnade::OptimizerKind::Sgd", "How parameters follow gradients",
           [{::llvm::cl::values(
             clEnumValN(::colonnade::OptimizerKind::Sgd, "sgd",
                        "gradient descent with momentum"),
             clEnumValN(::colonnade::OptimizerKind::Adam, "adam",
                        "Adam (Kingma and Ba, ICLR 2015)"))}]>,
    Option<"learningRate", "learning-rate", "double", /*default=*/"0.1",
           "Learning rate, before the schedule">,
    Option<"momentum", "momentum", "double", /*default=*/"0.9",
           "Momentum of sgd">,
    Option<"weightDecay", "weight-decay", "double", /*default=*/"0",
           "Share of a parameter that is added to its gradient">,
    Option<"beta1", "beta1", "double", /*default=*/"0.9",
           "Decay of adam's first moment">,
    Option<"beta2", "beta2", "double", /*default=*/"0.999",
           "Decay of adam's second moment">,
    Option<"epsilon", "epsilon", "double", /*default=*/"1e-8",
           "What adam adds to the second moment's root">,
    Option<"schedule", "schedule", "::colonnade::LearningRateSchedule",
           /*default=*/"::colonnade::LearningRateSchedule::Constant",
           "How the learning rate changes",
           [{::llvm::cl::values(
             clEnumValN(::colonnade::LearningRateSchedule::Constant, "constant",
                        "not at all"),
             clEnumValN(::colonnade::LearningRateSchedule::Step, "step",
                        "times drop-factor every steps-between-drops steps"),
             clEnumValN(::colonnade::LearningRateSchedule::Cosine, "cosine",
                        "to zero at total-steps, along half a cosine"))}]>,
    Option<"totalSteps", "total-steps", "int64_t", /*default=*/"0",
           "Steps of the run, for the cosine">,
    Option<"stepsBetweenDrops", "steps-between-drops", "int64_t", /*default=*/"0",
           "Steps between two drops, for the step schedule">,
    Option<"dropFactor", "drop-factor", "double", /*default=*/"0.1",
           "What a drop multiplies the learning rate by">,
    Option<"warmupSteps", "warmup-steps", "int64_t", /*default=*/"0",
           "Steps over which the learning rate rises from zero first">,
    Option<"format", "format", "::colonnade::NumberFormat",
           /*default=*/"::colonnade::NumberFormat::Fp32",
           "What the operands of products are rounded to",
           [{::llvm::cl::values(
             clEnumValN(::colonnade::NumberFormat::Fp32, "fp32", "nothing"),
             clEnumValN(::colonnade::NumberFormat::Bf16, "bf16",
                        "bfloat16, gradients of operands too"),
             clEnumValN(::colonnade::NumberFormat::M2, "m2",
                        "blocks of 16 values with 2 mantissa bits"),
             clEnumValN(::colonnade::NumberFormat::M3, "m3",
                        "blocks of 16 values with 3 mantissa bits"),
             clEnumValN(::colonnade::NumberFormat::M4, "m4",
                        "blocks of 16 values with 4 mantissa bits"),
             clEnumValN(::colonnade::NumberFormat::M8, "m8",
                        "blocks of 16 values with 8 mantissa bits"),
             clEnumValN(::colonnade::NumberFormat::Msfp12, "msfp12",
                        "as MSFP-12: blocks of 16 values with 3 mantissa bits"),
             clEnumValN(::colonnade::NumberFormat::Mx, "mx",
                        "as MX: blocks of 32 values with 7 mantissa bits"),
             clEnumValN(::colonnade::NumberFormat::FastAdaptive,
                        "fast-adaptive",
                        "blocks of 16 values with 2 or 4 mantissa bits, chosen "
                        "by layer, operand and step"))}]>,
    Option<"blocks", "blocks", "::colonnade::BackwardBlocks",
           /*default=*/"::colonnade::BackwardBlocks::Reuse",
           "Which blocks the operands of backward products are in",
           [{::llvm::cl::values(
             clEnumValN(::colonnade::BackwardBlocks::Reuse, "reuse",
                        "the forward product's"),
             clEnumValN(::colonnade::BackwardBlocks::Reform, "reform",
                        "new ones, along what the product sums up"))}]>,
    Option<"rounding", "rounding", "::colonnade::BlockRounding",
           /*default=*/"::colonnade::BlockRounding::Nearest",
           "How weights and activations are rounded to blocks",
           [{::llvm::cl::values(
             clEnumValN(::colonnade::BlockRounding::Nearest, "nearest",
                        "to the nearest value, ties to even"),
             clEnumValN(::colonnade::BlockRounding::Truncate, "truncate",
                        "toward zero, as in FAST"))}]>,
    Option<"gradientRounding", "gradient-rounding", "::colonnade::BlockRounding",
           /*default=*/"::colonnade::BlockRounding::Unbiased",
           "How gradients are rounded to blocks",
           [{::llvm::cl::values(
             clEnumValN(::colonnade::BlockRounding::Unbiased, "unbiased",
                        "up or down by noise, without saturation"),
             clEnumValN(::colonnade::BlockRounding::Stochastic, "stochastic",
                        "up or down by noise; the largest values saturate"))}]>,
    Option<"seed", "seed", "uint64_t", /*default=*/"1",
           "Seed of the stochastic rounding of gradients">,
    Option<"measureDrift", "measure-drift", "bool", /*default=*/"false",
           "Return how far reconstructed streams are off">,
    Option<"fineInput", "fine-input", "bool", /*default=*/"true",
           "4 mantissa bits for the network's input in fast-adaptive">,
    Option<"evaluation", "evaluation", "bool", /*default=*/"false",
           "Also make @evaluation, the network in the format">,
    Option<"refreshInterval", "refresh-interval", "int64_t", /*default=*/"16",
           "Steps between two choices of fast-adaptive">,
    Option<"thresholdStart", "threshold-start", "double", /*default=*/"0.6",
           "Threshold of fast-adaptive in the first layer and step">,
    Option<"thresholdSlope", "threshold-slope", "double", /*default=*/"0.3",
           "By how much the threshold falls over all steps">,
    Option<"thresholdDepthSlope", "threshold-depth-slope", "double", /*default=*/"0.3",
           "By how much the threshold falls over all layers">,
    Option<"gradientMargin", "gradient-margin", "double", /*default=*/"0",
           "How much higher the threshold of gradients is">,
    Option<"activationProductMargin", "activation-product-margin", "double", /*default=*/"0",
           "How much higher thresholds are in products of two activations">,
    Option<"distillation", "distillation", "double", /*default=*/"0",
           "Weight of the loss between a student of lower resolution and the network (0: no student)">,
    Option<"temperature", "temperature", "double", /*default=*/"4",
           "What that loss divides logits by">];
  let dependentDialects = [
    "::colonnade::ColonnadeDialect",
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect"];
}

def FixPrecision : Pass<"colonnade-fix-precision", "::mlir::ModuleOp"> {
  let summary = "Fix the precisions of a fast-adaptive step to those of a log";
  let description = [{
    A step of the format `fast-adaptive` rounds to as many mantissa bits as its
    state says, and chooses them anew every `refresh-interval` steps. A schedule of
    the modeled machine has one precision for each product. This makes the
    precisions of `@training_step` those that a run had in step `step`: constants,
    from the CSV that `colonnade-train --precision-log=FILE` writes. Nothing of the
    choice is left after `--canonicalize`, and `--colonnade-compile-step` takes the
    result. Between two choices such a step gives the bits of the adaptive one.

    An error names what is missing: a step of the format, the file, a row of a step
    up to `step`, or a column for each layer and operand.

    Example:

    ```
    colonnade-opt step.mlir --colonnade-fix-precision='log=run.csv step=4000'
      --canonicalize --colonnade-compile-step=target=fast-256x64
    ```
  }];
  let options = [
    Option<"log", "log", "std::string", /*default=*/"",
           "The precision log, a CSV file">,
    Option<"step", "step", "int64_t", /*default=*/"0",
           "Step of the run whose precisions are taken">];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def MakeDuplex : Pass<"colonnade-make-duplex", "::mlir::func::FuncOp"> {
  let summary = "Put a small reversible branch beside a frozen network";
  let description = [{
    For training on a device that cannot hold a network's activations (the duplex
    networks of CAMEL, HPCA 2024): the network stays as it is, frozen, and a small
    reversible branch learns from its features. The backward pass never enters
    the network, and the branch keeps no activations.

    The last feature map of every resolution of the network is averaged down to
    the height and width of the smallest one and projected by a 1x1 convolution to
    `channels` channels. The first projection begins both streams of the branch;
    each other one is added by the first of the `couplings` couplings of its
    stage, to the stream that this coupling changes first. F and G are both
    conv3x3(relu(conv3x3(relu(x)))), scaled by 1 / sqrt(number of F and G). At the
    end the mean of the streams and the network's last feature map are averaged
    over height and width, and a linear layer of both makes the logits. The
    network's own classifier is erased.

    All constants of the network are marked `colonnade.frozen`. The branch's
    parameters, named `branch...`, hold no values to compute with yet:
    `--colonnade-initialize-parameters` or `colonnade-train --initialize` draws
    them.

    Limits: one input [1, channels, height, width] and logits [1, classes] of
    f32, feature maps in this layout, whose heights and widths are multiples of
    the smallest one's.

    Remarks, category `colonnade`, name `make-duplex`: passed, for each feature
    map that the branch reads, with its shape; and for the branch, with its
    parameters and those that are frozen.

    Example: a ResNet-8, whose feature maps are 16x28x28, 32x14x14 and 64x7x7.

    ```mlir
    %u1 = ... // conv1x1 of the 16x7x7 that the first one is averaged to
    %q = colonnade.to_fixed %u1 : tensor<1x16x7x7xf32> to tensor<1x16x7x7xi32, #fixed>
    %a, %b = colonnade.reversible additive %q, %q : tensor<1x16x7x7xi32, #fixed>
        f(%s: tensor<1x16x7x7xf32>) { ... } g(%s: tensor<1x16x7x7xf32>) { ... }
    ```
  }];
  let options = [
    Option<"channels", "channels", "int64_t", /*default=*/"16",
           "Channels of the branch">,
    Option<"couplings", "couplings", "int64_t", /*default=*/"1",
           "Couplings of the branch for each feature map">,
    Option<"fraction", "fraction", "int64_t", /*default=*/"16",
           "Fractional bits of the streams (0: f32)">];
  let dependentDialects = [
    "::colonnade::ColonnadeDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def PlanActivations : Pass<"colonnade-plan-activations", "::mlir::ModuleOp"> {
  let summary = "Choose what training keeps, under a limit of memory";
  let description = [{
    Sets `activations` of every `colonnade.reversible` of a function, before
    differentiation, to `store`, `invert` or `checkpoint`: of all choices whose
    peak of buffers is at most `memory-limit` bytes, forward and backward, the one
    that computes least again. It is exact, by dynamic programming over the Pareto
    frontiers of bytes and time of the couplings in their order (Nemhauser and
    Ullmann, Management Science 1969).

    Bytes are those that the trainer's compiler allocates: each coupling (equal
    ones once) and the rest of the network are differentiated and lowered to
    buffers by themselves. Parameters, their gradients' results, the optimizer's
    state, constants and the library's own scratch memory are not counted. The
    function must have the batch that it is trained with
    (`--colonnade-set-batch`); formats narrower than f32, which keep rounded
    copies beside, are not known to it. The program that a plan makes is held
    against the limit as well, and a plan for less is taken if it exceeds it: parts
    take some percent less or more than they do together. Time has a unit per multiply-accumulate
    and per byte that other ops move.

    A remark for each coupling, and one for the function, which has the plans that
    store or invert everything for comparison; `plot` draws all three. A limit
    that no choice keeps is an error, which says the least.

    Example: `memory-limit = 100000000`.

    ```mlir
    %y1, %y2 = colonnade.reversible additive %x1, %x2 : tensor<4x8xf32> ...
    ```
    becomes, where there is memory enough,
    ```mlir
    %y1, %y2 = colonnade.reversible additive %x1, %x2 activations = store : tensor<4x8xf32> ...
    ```
  }];
  let options = [
    Option<"function", "function", "std::string", /*default=*/"\"main\"",
           "Name of the function">,
    Option<"memoryLimit", "memory-limit", "int64_t", /*default=*/"0",
           "The most bytes of buffers at one time">,
    Option<"plot", "plot", "std::string", /*default=*/"\"\"",
           "Draw the plan, as SVG">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"];
}

#endif // COLONNADE_TRAINING_PASSES
