#include "model/kernels/cuda/product.h"

#include <cublasLt.h>
#include <cuda_runtime.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>

#include "model/spec/error.h"

namespace isoloss {
namespace {

using simt::Bf16;

// So little memory left that a library's failure is taken for the lack of it: less than CUDA may
// want at once to load a kernel. An assumption that was not measured.
constexpr std::size_t kNearlyNothing = std::size_t{64} << 20;

// cuBLASLt loads its kernels when they are first needed and has no status of its own for a driver
// that had no memory for one; its runtime is not this program's, which hears no error of it.
bool lacks_memory(cublasStatus_t status) {
  if (status != CUBLAS_STATUS_NOT_INITIALIZED && status != CUBLAS_STATUS_EXECUTION_FAILED &&
      status != CUBLAS_STATUS_INTERNAL_ERROR)
    return status == CUBLAS_STATUS_ALLOC_FAILED;
  std::size_t free = 0, all = 0;
  return cudaMemGetInfo(&free, &all) == cudaSuccess && free < kNearlyNothing;
}

void succeed(cublasStatus_t status, const char* call) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  const std::string what = std::string(call) + " fails (" + cublasLtGetStatusString(status) + ")";
  if (lacks_memory(status)) throw DeviceMemoryFull(what + ": no memory is left on the device");
  throw WorkError(what + "; check that the driver, the GPU and cuBLAS go together");
}

template <typename T>
constexpr cudaDataType_t kType = std::is_same_v<T, Bf16> ? CUDA_R_16BF : CUDA_R_32F;

// cuBLAS's descriptors, freed with the object.
template <typename Handle, cublasStatus_t (*destroy)(Handle)>
struct Destroy {
  using pointer = Handle;
  void operator()(Handle handle) const { destroy(handle); }
};
using Operation = std::unique_ptr<void, Destroy<cublasLtMatmulDesc_t, cublasLtMatmulDescDestroy>>;
using Layout = std::unique_ptr<void, Destroy<cublasLtMatrixLayout_t, cublasLtMatrixLayoutDestroy>>;
using Preference =
    std::unique_ptr<void, Destroy<cublasLtMatmulPreference_t, cublasLtMatmulPreferenceDestroy>>;

template <typename T>
void set(const Operation& operation, cublasLtMatmulDescAttributes_t attribute, const T& value) {
  succeed(cublasLtMatmulDescSetAttribute(operation.get(), attribute, &value, sizeof value),
          "cublasLtMatmulDescSetAttribute");
}
template <typename T>
void set(const Preference& preference, cublasLtMatmulPreferenceAttributes_t attribute,
         const T& value) {
  succeed(cublasLtMatmulPreferenceSetAttribute(preference.get(), attribute, &value, sizeof value),
          "cublasLtMatmulPreferenceSetAttribute");
}

// A matrix as cuBLAS sees it: by columns, so that rows of ours are its columns.
struct Columns {
  cudaDataType_t type;
  std::int64_t rows, columns, stride, step;
  std::uint32_t alignment;  // of its address, bytes
  auto operator<=>(const Columns&) const = default;
};

Layout layout(const Columns& m, std::int64_t groups) {
  cublasLtMatrixLayout_t made = nullptr;
  succeed(cublasLtMatrixLayoutCreate(&made, m.type, static_cast<std::uint64_t>(m.rows),
                                     static_cast<std::uint64_t>(m.columns), m.stride),
          "cublasLtMatrixLayoutCreate");
  Layout result(made);
  if (groups == 1) return result;
  const auto count = static_cast<std::int32_t>(groups);
  succeed(cublasLtMatrixLayoutSetAttribute(made, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count,
                                           sizeof count),
          "cublasLtMatrixLayoutSetAttribute");
  succeed(cublasLtMatrixLayoutSetAttribute(made, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET,
                                           &m.step, sizeof m.step),
          "cublasLtMatrixLayoutSetAttribute");
  return result;
}

std::uint32_t alignment(const void* address) {
  const auto value = reinterpret_cast<std::uintptr_t>(address);
  return static_cast<std::uint32_t>(
      std::min<std::uintptr_t>(256, value == 0 ? 256 : value & -value));
}

// d = factor op(a) op(b) + addend (+ bias), all as cuBLAS sees them.
struct Call {
  bool transposes_a, transposes_b, has_addend, has_bias;
  std::int64_t groups;
  Columns a, b, d;
  std::uint32_t addend_alignment, bias_alignment;
  auto operator<=>(const Call&) const = default;
};

struct Plan {
  Operation operation;
  Layout a, b, d;
  cublasLtMatmulAlgo_t algorithm;
};

Plan plan(cublasLtHandle_t handle, const Call& call, const void* bias, std::size_t workspace) {
  cublasLtMatmulDesc_t made = nullptr;
  succeed(cublasLtMatmulDescCreate(&made, CUBLAS_COMPUTE_32F, CUDA_R_32F),
          "cublasLtMatmulDescCreate");
  Plan result{Operation(made),
              layout(call.a, call.groups),
              layout(call.b, call.groups),
              layout(call.d, call.groups),
              {}};
  set(result.operation, CUBLASLT_MATMUL_DESC_TRANSA, call.transposes_a ? CUBLAS_OP_T : CUBLAS_OP_N);
  set(result.operation, CUBLASLT_MATMUL_DESC_TRANSB, call.transposes_b ? CUBLAS_OP_T : CUBLAS_OP_N);
  if (call.has_bias) {
    set(result.operation, CUBLASLT_MATMUL_DESC_EPILOGUE, CUBLASLT_EPILOGUE_BIAS);
    set(result.operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias);
  }
  cublasLtMatmulPreference_t preferred = nullptr;
  succeed(cublasLtMatmulPreferenceCreate(&preferred), "cublasLtMatmulPreferenceCreate");
  const Preference preference(preferred);
  set(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, workspace);
  // Parts of a sum are added in the workspace, in their order.
  const std::uint32_t reductions =
      CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE | CUBLASLT_REDUCTION_SCHEME_OUTPUT_TYPE;
  set(preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, reductions);
  set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, call.a.alignment);
  set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, call.b.alignment);
  set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, call.addend_alignment);
  set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, call.d.alignment);
  cublasLtMatmulHeuristicResult_t best;
  int found = 0;
  const cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(
      handle, result.operation.get(), result.a.get(), result.b.get(), result.d.get(),
      result.d.get(), preference.get(), 1, &best, &found);
  const bool refuses =
      status == CUBLAS_STATUS_NOT_SUPPORTED || status == CUBLAS_STATUS_INVALID_VALUE;
  if (!refuses) succeed(status, "cublasLtMatmulAlgoGetHeuristic");
  if (refuses || found == 0)
    throw std::runtime_error(
        "cuBLASLt has no algorithm for a product with sides " + std::to_string(call.d.rows) +
        " and " + std::to_string(call.d.columns) + " over " +
        std::to_string(call.transposes_a ? call.a.rows : call.a.columns) + " terms (" +
        cublasLtGetStatusString(status) + "); widths that are multiples of 8 are always served");
  result.algorithm = best.algo;
  return result;
}

}  // namespace

struct Products::Impl {
  explicit Impl(std::size_t workspace_bytes) : workspace(workspace_bytes) {
    succeed(cublasLtCreate(&handle), "cublasLtCreate");
  }
  ~Impl() { cublasLtDestroy(handle); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  template <typename Result>
  void run(Stream& stream, Call call, const void* a, const void* b, Result* d,
           const ProductTerms<Result>& terms) {
    call.has_addend = terms.addend != nullptr;
    call.has_bias = terms.bias != nullptr;
    const Result* addend = call.has_addend ? terms.addend : d;
    call.addend_alignment = alignment(addend);
    call.bias_alignment = call.has_bias ? alignment(terms.bias) : 0;
    const void* bias = terms.bias;
    auto known = plans.find(call);
    if (known == plans.end())
      known = plans.emplace(call, plan(handle, call, bias, workspace.size())).first;
    const Plan& chosen = known->second;
    if (call.has_bias) set(chosen.operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias);
    const float beta = call.has_addend ? 1 : 0;
    succeed(cublasLtMatmul(handle, chosen.operation.get(), &terms.factor, a, chosen.a.get(), b,
                           chosen.b.get(), &beta, addend, chosen.d.get(), d, chosen.d.get(),
                           &chosen.algorithm, workspace.data(), workspace.size(), stream.native()),
            "cublasLtMatmul");
  }

  cublasLtHandle_t handle = nullptr;
  DeviceMemory workspace;
  std::map<Call, Plan> plans;
};

Products::Products(std::size_t workspace_bytes) : impl_(std::make_unique<Impl>(workspace_bytes)) {}
Products::~Products() = default;
Products::Products(Products&&) noexcept = default;
Products& Products::operator=(Products&&) noexcept = default;
std::size_t Products::workspace_bytes() const { return impl_->workspace.size(); }

// By columns y^T = W x^T, where W^T lies by columns as W does by rows.
template <typename T, typename Y>
void Products::forward(Stream& stream, const ProductShape& s, const T* x, const T* weight, Y* y,
                       const ProductTerms<Y>& terms) {
  const Columns of_w{kType<T>, s.in, s.out, s.in, s.weight_step, alignment(weight)};
  const Columns of_x{kType<T>, s.in, s.rows, s.x_stride, s.x_step, alignment(x)};
  const Columns of_y{kType<Y>, s.out, s.rows, s.y_stride, s.y_step, alignment(y)};
  impl_->run(stream, Call{true, false, false, false, s.groups, of_w, of_x, of_y, 0, 0}, weight, x,
             y, terms);
}

// dx^T = W^T dy^T.
template <typename T, typename X>
void Products::input_gradient(Stream& stream, const ProductShape& s, const T* dy, const T* weight,
                              X* dx, const ProductTerms<X>& terms) {
  const Columns of_w{kType<T>, s.in, s.out, s.in, s.weight_step, alignment(weight)};
  const Columns of_dy{kType<T>, s.out, s.rows, s.y_stride, s.y_step, alignment(dy)};
  const Columns of_dx{kType<X>, s.in, s.rows, s.x_stride, s.x_step, alignment(dx)};
  impl_->run(stream, Call{false, false, false, false, s.groups, of_w, of_dy, of_dx, 0, 0}, weight,
             dy, dx, terms);
}

// dW^T = x^T dy.
template <typename T>
void Products::weight_gradient(Stream& stream, const ProductShape& s, const T* dy, const T* x,
                               float* dweight, float factor) {
  const Columns of_x{kType<T>, s.in, s.rows, s.x_stride, s.x_step, alignment(x)};
  const Columns of_dy{kType<T>, s.out, s.rows, s.y_stride, s.y_step, alignment(dy)};
  const Columns of_dw{CUDA_R_32F, s.in, s.out, s.in, s.weight_step, alignment(dweight)};
  impl_->run(stream, Call{false, true, false, false, s.groups, of_x, of_dy, of_dw, 0, 0}, x, dy,
             dweight, ProductTerms<float>{.factor = factor, .addend = dweight});
}

template void Products::forward(Stream&, const ProductShape&, const float*, const float*, float*,
                                const ProductTerms<float>&);
template void Products::forward(Stream&, const ProductShape&, const Bf16*, const Bf16*, float*,
                                const ProductTerms<float>&);
template void Products::forward(Stream&, const ProductShape&, const Bf16*, const Bf16*, Bf16*,
                                const ProductTerms<Bf16>&);
template void Products::input_gradient(Stream&, const ProductShape&, const float*, const float*,
                                       float*, const ProductTerms<float>&);
template void Products::input_gradient(Stream&, const ProductShape&, const Bf16*, const Bf16*,
                                       float*, const ProductTerms<float>&);
template void Products::input_gradient(Stream&, const ProductShape&, const Bf16*, const Bf16*,
                                       Bf16*, const ProductTerms<Bf16>&);
template void Products::weight_gradient(Stream&, const ProductShape&, const float*, const float*,
                                        float*, float);
template void Products::weight_gradient(Stream&, const ProductShape&, const Bf16*, const Bf16*,
                                        float*, float);

}  // namespace isoloss
