/* The kernels for each instruction set, the choice among them, and the same instructions for a single example. */

#include "table.h"
#include <pthread.h>
#include <string.h>

#include "constants.h"

#ifdef __has_builtin
#if __has_builtin(__builtin_shufflevector)
#define SHUFFLES
#endif
#endif

typedef struct { /* of an array: example k is the double at data + k * step */
  char *data;
  long step;
} Column;

typedef void (*runner)(const int *, const int *, double *, const double *, double *, double *, long, long);

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
  size_t size = 8 * count + 1; /* so that 0 doubles also have an address */
  return posix_memalign(&room, 64, size) ? NULL : memset(room, 0, size);
}

static inline void prefetch(const void *memory) { __builtin_prefetch(memory); }

static long next_number(long *count) { return __atomic_fetch_add(count, 1, __ATOMIC_RELAXED); }

/* Calls work(shared) on n threads at once, this one among them, and returns when all are done. They end with
   the call: an interrupt, a fork or an exit finds none, and none waits for a lock. If a thread cannot be started, the
   others do its work. */
static void together(void *(*work)(void *), void *shared, long n) {
  pthread_t others[n];
  long started = 0;
  while (started < n - 1 && !pthread_create(&others[started], NULL, work, shared)) started++;
  work(shared);
  while (started) pthread_join(others[--started], NULL);
}

/* The kernels of one instruction set. */
typedef struct {
  const char *name;
  runner run;
  const int *(*gathered)(int, const int *, int, int, double *);
  void (*dense_one)(const int *, int, const int *, int, const double *, double *);
  void (*inner_one)(const int *, int, const int *, int, double *, const double *);
  void (*add_lanes)(double *, const double *, long);
  void (*load)(const Column *, const int *, long, double *, long, long, long);
} Kernels;
#define KERNELS(set) {#set, run_##set, gathered_##set, dense_one_##set, inner_one_##set, add_lanes_##set, load_##set}

static Kernels kernels = KERNELS(plain);

/* Selects the instruction set `name`, or for "" the fastest; plain if the processor lacks it. Returns its name. */
static const char *use_kernels(const char *name) {
  kernels = (Kernels)KERNELS(plain);
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && (!*name || !strcmp(name, "avx2")))
    kernels = (Kernels)KERNELS(avx2);
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && (!*name || !strcmp(name, "avx512")))
    kernels = (Kernels)KERNELS(avx512);
#endif
  return kernels.name;
}

#define ONE(width, code, result) \
  case code: { \
    const int *last = c + 2 + (width) * c[1]; \
    for (c += 2; c < last; c += (width)) v[c[0]] = (result); \
    break; }
#define ONE_1(code, row) ONE(2, code, row_##row(v[c[1]]))
#define ONE_2(code, row) ONE(3, code, row_##row(v[c[1]], v[c[2]]))
#define ONE_3(code, row) ONE(4, code, row_##row(v[c[1]], v[c[2]], v[c[3]]))
#define ONE_FUNCTION(code, name) case code: c = kernels.gathered(code, c + 2, c[1], 2, v); break;
#define ONE_PAIR(code, name, partner) case code: c = kernels.gathered(code, c + 2, c[1], 3, v); break;

#define MANY_ONE(code, start, from, step, next) \
  case code: { \
    const int operands = c[2], *last = c + 3 + (1 + operands) * c[1]; \
    for (c += 3; c < last; c += 1 + operands) { \
      double total = (start); \
      for (int i = (from); i <= operands; i += (step)) total = (next); \
      v[c[0]] = total; \
    } \
    break; }
#define REDUCTION_ONE(code, name, start) MANY_ONE(code, start, 1, 1, next_##name(total, v[c[i]]))

/* The same instructions on single numbers: for one example, or for the part that depends only on parameters. */
static void run_one(const int *c, const int *end, double *v, const double *u, double *cells) {
  while (c < end) {
    switch (*c) {
      ARITHMETIC_1(ONE_1)
      ARITHMETIC_2(ONE_2)
      ARITHMETIC_3(ONE_3)
      LIBRARY_1(ONE_1)
      LIBRARY_2(ONE_2)
      LIBRARY_3(ONE_3)
      FUNCTIONS(ONE_FUNCTION)
      PAIRS(ONE_PAIR)
      REDUCTIONS(REDUCTION_ONE)
      MANY_ONE(PRODUCTS, v[c[1]] * v[c[2]], 3, 2, total + v[c[i]] * v[c[i + 1]])
      case DENSE:
        kernels.dense_one(c + 4, c[1], c + 4 + c[1], c[2], u + c[3], v);
        c += 4 + c[1] + c[2]; break;
      case INNER: case OUTER:
        kernels.inner_one(c + 4, c[1], c + 4 + c[1], c[2], cells + c[3], v);
        c += 4 + c[1] + c[2]; break;
      default: return;
    }
  }
}
