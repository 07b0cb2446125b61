/* The kernels for each instruction set, the choice among them, and the same instructions for a single example. */

#include "table.h"
#include <pthread.h>
#include <string.h>

#ifdef __GNUC__
#pragma GCC diagnostic ignored "-Wpsabi"
#else
#error "vectors are written as GCC and Clang have them; without them programs run on NumPy"
#endif

/* erf(x) / x as a polynomial in x² on [0, 1], and exp(x²) erfc(x) as one in (x - 3) / (x + 3) on [1, 6], lowest power
   first: interpolated at Chebyshev's points in 60 digits, both within 5e-17 of erf. From 6 on erf is 1 in doubles. */
static const double ERF_SMALL[] = {
  1.1283791670955126, -0.37612638903183543, 0.11283791670945006, -0.02686617064323777,
  0.0052239776071164225, -0.0008548325975389692, 0.00012055294904839707, -1.492473690741966e-05,
  1.6447424703317362e-06, -1.6208483801871705e-07, 1.3720064546777686e-08, -7.795898827002142e-10};
static const double ERFC_LARGE[] = {
  0.17900115118138996, -0.32623356004303716, 0.24560380171233195, -0.15011593650078744,
  0.07166583719774874, -0.024392499318273194, 0.004269136347508256, 0.0007077464443901538,
  -0.0005970623517093284, 4.525472635483354e-05, 6.406182073530546e-05, -1.284889451252353e-05,
  -8.008021319412685e-06, 2.023603179641757e-06, 1.2801900862962662e-06};

#define SIGN_BIT (-0x7fffffffffffffffLL - 1) /* the bit of a double that says negative */

typedef void (*runner)(const int *, const int *, double *, const double *, double *, long, long);

/* Between these a * b + c may be rounded once: where no sum is the one that eager mode computes. */
#ifdef __clang__
#define BEGIN_CONTRACT _Pragma("clang fp contract(fast)")
#define END_CONTRACT _Pragma("clang fp contract(off)")
#else
#define BEGIN_CONTRACT _Pragma("GCC push_options") _Pragma("GCC optimize(\"fp-contract=fast\")")
#define END_CONTRACT _Pragma("GCC pop_options")
#endif

#define VARIANT(name) name##_plain
#define LANES 2
#include "kernels.h"
#undef VARIANT
#undef LANES

#if defined(__x86_64__)
#if defined(__clang__)
#define BEGIN_TARGET_AVX2 _Pragma("clang attribute push(__attribute__((target(\"avx2,fma\"))), apply_to = function)")
#define BEGIN_TARGET_AVX512 _Pragma("clang attribute push(__attribute__((target(\"avx512f,avx512dq\"))), apply_to = function)")
#define END_TARGET _Pragma("clang attribute pop")
#else
#define BEGIN_TARGET_AVX2 _Pragma("GCC push_options") _Pragma("GCC target(\"avx2,fma\")")
#define BEGIN_TARGET_AVX512 _Pragma("GCC push_options") _Pragma("GCC target(\"avx512f,avx512dq\")")
#define END_TARGET _Pragma("GCC pop_options")
#endif

BEGIN_TARGET_AVX2
#define VARIANT(name) name##_avx2
#define LANES 4
#include "kernels.h"
#undef VARIANT
#undef LANES
END_TARGET

BEGIN_TARGET_AVX512
#define VARIANT(name) name##_avx512
#define LANES 8
#include "kernels.h"
#undef VARIANT
#undef LANES
END_TARGET
#endif

/* Memory for `count` doubles, all 0, at a multiple of 64 bytes. */
static double *aligned(size_t count) {
  void *room;
  size_t size = 8 * count + 1; /* of none, too, there is an address */
  return posix_memalign(&room, 64, size) ? NULL : memset(room, 0, size);
}

static long next_number(long *count) { return __atomic_fetch_add(count, 1, __ATOMIC_RELAXED); }

/* Calls work(shared) on n threads at once, this one among them, and returns when all are done. They live no longer
   than that: an interrupt, a fork or an exit finds none, and none waits for a lock. Where no thread can be started, those
   that there are do the work. */
static void together(void *(*work)(void *), void *shared, long n) {
  pthread_t others[n];
  long started = 0;
  while (started < n - 1 && !pthread_create(&others[started], NULL, work, shared)) started++;
  work(shared);
  while (started) pthread_join(others[--started], NULL);
}

/* The fastest kernels that this processor has. */
static runner run_block = run_plain;
static void (*gathered)(int, const int *, const int *, double *) = gathered_plain;
static void (*add_lanes)(double *, const double *, long) = add_lanes_plain;

static void choose_kernels(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) {
    run_block = run_avx512, gathered = gathered_avx512, add_lanes = add_lanes_avx512;
  } else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    run_block = run_avx2, gathered = gathered_avx2, add_lanes = add_lanes_avx2;
  }
#endif
}

#define ONE(width, code, result) \
  case code: { \
    const int *last = c + 2 + (width) * c[1]; \
    for (c += 2; c < last; c += (width)) v[c[0]] = (result); \
    break; }
#define ONE_1(code, row) ONE(2, code, row(v[c[1]]))
#define ONE_2(code, row) ONE(3, code, row(v[c[1]], v[c[2]]))
#define ONE_3(code, row) ONE(4, code, row(v[c[1]], v[c[2]], v[c[3]]))

/* The same instructions where every row is one number: a single example, or what depends on parameters alone. */
static void run_one(const int *c, const int *end, double *v, const double *u, double *cells) {
  while (c < end) {
    switch (*c) {
      ELEMENTWISE_1(ONE_1)
      ELEMENTWISE_2(ONE_2)
      ELEMENTWISE_3(ONE_3)
      ONE_2(POW, row_pow)
      case EXP: case LOG: case LOG1P: case TANH: case ERF: {
        const int *last = c + 2 + 2 * c[1];
        gathered(*c, c + 2, last, v);
        c = last; break;
      }
      case SHIFT: {
        double top = -HUGE_VAL;
        for (int i = 0; i < c[1]; i++) { double a = v[c[3 + i]]; if ((a > top) | (a != a)) top = a; }
        v[c[2]] = top;
        c += 3 + c[1]; break;
      }
      case PRODUCTS: {
        double sum = v[c[3]] * v[c[4]];
        const int *last = c + 3 + 2 * c[1];
        for (const int *p = c + 5; p < last; p += 2) sum += v[p[0]] * v[p[1]];
        v[c[2]] = sum;
        c = last; break;
      }
      case DENSE: {
        const int rows = c[1], size = c[2], *out = c + 4, *x = out + rows;
        const double *w = u + c[3];
        for (int i = 0; i < rows; i++, w += size) {
          double sum = -0.0;
          for (int j = 0; j < size; j++) sum += w[j] * v[x[j]];
          v[out[i]] = sum;
        }
        c = x + size; break;
      }
      case INNER: {
        const int rows = c[1], size = c[2], *g = c + 4, *x = g + rows;
        double *cell = cells + c[3];
        for (int i = 0; i < rows; i++, cell += size) {
          double a = v[g[i]];
          for (int j = 0; j < size; j++) cell[j] += a * v[x[j]];
        }
        c = x + size; break;
      }
      default: return;
    }
  }
}
