/* The table on vectors: VECTOR_ROWS, and functions that take an algorithm. Included once for each instruction
   set, with VARIANT(name) and LANES defined. */

typedef double VARIANT(vec) __attribute__((vector_size(8 * LANES)));
typedef long long VARIANT(ivec) __attribute__((vector_size(8 * LANES)));
typedef double VARIANT(anywhere) __attribute__((vector_size(8 * LANES), aligned(8), may_alias));
#define vec VARIANT(vec)
#define anywhere VARIANT(anywhere)
#define ivec VARIANT(ivec)
#define INLINE static inline __attribute__((always_inline))

INLINE vec VARIANT(all)(double x) { return x - (vec){0}; }
INLINE ivec VARIANT(alli)(long long x) { return x - (ivec){0}; }
INLINE vec VARIANT(pick)(ivec where, vec yes, vec no) { return (vec)((where & (ivec)yes) | (~where & (ivec)no)); }
#define all VARIANT(all)
#define alli VARIANT(alli)
#define pick VARIANT(pick)

INLINE vec VARIANT(abs_)(vec a) { return (vec)((ivec)a & alli(~SIGN_BIT)); }
INLINE vec VARIANT(floor_)(vec a) {
  for (int q = 0; q < LANES; q++) a[q] = floor(a[q]);
  return a;
}
#define abs_ VARIANT(abs_)
#define floor_ VARIANT(floor_)

BEGIN_CONTRACT

VECTOR_ROWS

/* 2^n for whole n in [-1022, 1023], where n + 1.5 * 2^52 is given: the integer then stands in the lowest bits. */
#define TO_WHOLE 6755399441055744.0
INLINE vec VARIANT(power_of_2)(vec shifted) { return (vec)(((ivec)shifted << 52) + alli(1023LL << 52)); }

/* exp(r) - 1 for |r| <= ln(2) / 2, by Taylor's series: the next term is below 2^-57. */
INLINE vec VARIANT(expm1_near_0)(vec r) {
  vec z = r * r, even = all(1 / 479001600.0), odd = all(1 / 6227020800.0);
  even = even * z + 1 / 3628800.0, odd = odd * z + 1 / 39916800.0;
  even = even * z + 1 / 40320.0, odd = odd * z + 1 / 362880.0;
  even = even * z + 1 / 720.0, odd = odd * z + 1 / 5040.0;
  even = even * z + 1 / 24.0, odd = odd * z + 1 / 120.0;
  even = even * z + 0.5, odd = odd * z + 1 / 6.0;
  return r + z * (even + r * odd);
}

/* x = n * ln(2) + r. The first part of ln(2) has 33 bits, so its product with n is exact. */
#define LN2_HIGH 0x1.62e42feep-1
#define LN2_LOW 0x1.a39ef35793c76p-33
#define REDUCE(x, shifted, r) \
  vec shifted = (x) * 1.4426950408889634 + TO_WHOLE; \
  vec whole_ = shifted - TO_WHOLE; \
  vec r = (x) - whole_ * LN2_HIGH - whole_ * LN2_LOW

/* a * 2^n for whole n, in two steps, since 2^1024 and 2^-1075 are no doubles. */
INLINE vec VARIANT(scaled)(vec a, vec n) {
#if LANES == 8
  return __builtin_ia32_scalefpd512_mask(a, n, a, 255, 4 /* rounding as set */);
#else
  vec half = n * 0.5 + TO_WHOLE;
  return a * VARIANT(power_of_2)(half) * VARIANT(power_of_2)(n - (half - TO_WHOLE) + TO_WHOLE);
#endif
}

/* Clamps, but keeps nan. Compilers do not find these instructions by themselves. */
INLINE vec VARIANT(clamp)(vec a, double least, double most) {
#if LANES == 8 && !defined(__clang__)
  vec x = __builtin_ia32_minpd512_mask(all(most), a, a, 255, 4);
  return __builtin_ia32_maxpd512_mask(all(least), x, x, 255, 4);
#elif LANES == 4
  return __builtin_ia32_maxpd256(all(least), __builtin_ia32_minpd256(all(most), a));
#else
  vec x = pick(a > most, all(most), a);
  return pick(x < least, all(least), x);
#endif
}

/* exp(a) = 2^n * (1 + less) */
INLINE vec VARIANT(exp_parts)(vec a, vec *n) {
  vec x = VARIANT(clamp)(a, -746.0, 710.0);
  REDUCE(x, shifted, r);
  *n = whole_;
  return VARIANT(expm1_near_0)(r);
}

INLINE vec VARIANT(exp)(vec a) {
  vec n, less = VARIANT(exp_parts)(a, &n);
  return VARIANT(scaled)(1.0 + less, n);
}

/* tanh |a| = (1 - e) / (1 + e) with e = exp(-2|a|), where 1 - e is computed from what e is less than 1. */
INLINE vec VARIANT(tanh)(vec a) {
  vec x = -abs_(2.0 * a), n, less = VARIANT(exp_parts)(x, &n), scale = VARIANT(scaled)(all(1.0), n);
  vec y = (1.0 - scale - scale * less) * (1.0 / (1.0 + VARIANT(exp)(x)));
  return (vec)((ivec)y | ((ivec)a & alli(SIGN_BIT)));
}

INLINE vec VARIANT(erf)(vec a) {
  vec size = abs_(a), z = size * size, small = all(ERF_SMALL[11]);
  for (int i = 10; i >= 0; i--) small = small * z + ERF_SMALL[i];
  vec x = pick(size > 6.0, all(6.0), size), t = (x - 3.0) / (x + 3.0), large = all(ERFC_LARGE[14]);
  for (int i = 13; i >= 0; i--) large = large * t + ERFC_LARGE[i];
  vec y = pick(z < 1.0, size * small, 1.0 - VARIANT(gauss)(a) * large);
  return pick(a != a, a, (vec)((ivec)y | ((ivec)a & alli(SIGN_BIT))));
}

/* a = 2^n * m with m in [√½, √2); log m = 2 artanh s with s = (m - 1) / (m + 1), by its series. */
INLINE vec VARIANT(log)(vec a) {
  ivec small = a < 0x1p-1022;
  vec x = pick(small, a * 0x1p54, a);
  ivec bits = ((ivec)x & ~alli(SIGN_BIT)) - alli(0x3fe6a09e667f3bcdLL); /* a < 0 becomes nan at the end */
  ivec n = (bits >> 52) + (small & alli(-54));
  vec m = (vec)((bits & alli((1LL << 52) - 1)) + alli(0x3fe6a09e667f3bcdLL));
  vec whole = (vec)(n + alli(0x4338000000000000LL)) - TO_WHOLE; /* the integer as a double */
  vec f = m - 1.0, s = f / (2.0 + f), z = s * s;
  vec p = all(2 / 23.0);
  p = p * z + 2 / 21.0;
  p = p * z + 2 / 19.0;
  p = p * z + 2 / 17.0;
  p = p * z + 2 / 15.0;
  p = p * z + 2 / 13.0;
  p = p * z + 2 / 11.0;
  p = p * z + 2 / 9.0;
  p = p * z + 2 / 7.0;
  p = p * z + 2 / 5.0;
  p = p * z + 2 / 3.0;
  vec square = 0.5 * f * f; /* log m = f - f²/2 + s * (f²/2 + z * p), where f is exact */
  vec y = whole * LN2_HIGH - ((square - (s * (square + z * p) + whole * LN2_LOW)) - f);
  y = pick(a == __builtin_inf(), a, y);
  y = pick(a == 0.0, all(-__builtin_inf()), y);
  return pick((a >= 0.0) | (a != a), y + pick(a != a, a, all(0.0)), all(__builtin_nan("")));
}

/* The rounding error of 1 + a is made good to first order. */
INLINE vec VARIANT(log1p)(vec a) {
  vec sum = 1.0 + a;
  vec y = VARIANT(log)(sum);
  ivec plain = (sum <= 0.0) | (sum == __builtin_inf()) | (sum != sum);
  y = pick(plain, y, y + (a - (sum - 1.0)) / sum);
  return pick(a == 0.0, a, y); /* -0 for -0 */
}

END_CONTRACT
