/* What an instruction does to a block of examples. Included once for each instruction set (native.h), with
   VARIANT(name) and LANES defined. A row v + slot * stride holds one number for each of n examples; rows start
   at multiples of 64 bytes and stride is a multiple of 8, so whole vectors may be computed beyond n.
   Results never share a row with operands. */

typedef double VARIANT(vec) __attribute__((vector_size(8 * LANES)));
typedef long long VARIANT(ivec) __attribute__((vector_size(8 * LANES)));
#define vec VARIANT(vec)
#define ivec VARIANT(ivec)
#define INLINE static inline __attribute__((always_inline))

INLINE vec VARIANT(all)(double x) { return x - (vec){0}; }
INLINE ivec VARIANT(alli)(long long x) { return x - (ivec){0}; }
INLINE vec VARIANT(pick)(ivec where, vec yes, vec no) { return (vec)((where & (ivec)yes) | (~where & (ivec)no)); }
#define all VARIANT(all)
#define alli VARIANT(alli)
#define pick VARIANT(pick)

BEGIN_CONTRACT

/* 2^n for whole n in [-1022, 1023], where n + 1.5 * 2^52 is given: the integer then stands in the lowest bits. */
#define TO_WHOLE 6755399441055744.0
INLINE vec VARIANT(power_of_2)(vec shifted) { return (vec)(((ivec)shifted << 52) + alli(1023LL << 52)); }

/* exp(r) - 1 for |r| <= ln(2) / 2, by Taylor's series: the next term is below 2^-57. */
INLINE vec VARIANT(expm1_near_0)(vec r) {
  vec p = all(1 / 6227020800.0);
  p = p * r + 1 / 479001600.0;
  p = p * r + 1 / 39916800.0;
  p = p * r + 1 / 3628800.0;
  p = p * r + 1 / 362880.0;
  p = p * r + 1 / 40320.0;
  p = p * r + 1 / 5040.0;
  p = p * r + 1 / 720.0;
  p = p * r + 1 / 120.0;
  p = p * r + 1 / 24.0;
  p = p * r + 1 / 6.0;
  p = p * r + 0.5;
  return r + r * r * p;
}

/* x = n * ln(2) + r. The first part of ln(2) has 33 bits, so its product with n is exact. */
#define LN2_HIGH 0x1.62e42feep-1
#define LN2_LOW 0x1.a39ef35793c76p-33
#define REDUCE(x, shifted, r) \
  vec shifted = (x) * 1.4426950408889634 + TO_WHOLE; \
  vec whole_ = shifted - TO_WHOLE; \
  vec r = (x) - whole_ * LN2_HIGH - whole_ * LN2_LOW

INLINE vec VARIANT(exp)(vec a) {
  vec x = pick(a > 710.0, all(710.0), a);
  x = pick(x < -746.0, all(-746.0), x);
  REDUCE(x, shifted, r);
  vec half = (shifted - TO_WHOLE) * 0.5 + TO_WHOLE; /* in two factors, since 2^1024 and 2^-1075 are no doubles */
  vec rest = (shifted - TO_WHOLE) - (half - TO_WHOLE) + TO_WHOLE;
  vec y = (1.0 + VARIANT(expm1_near_0)(r)) * VARIANT(power_of_2)(half) * VARIANT(power_of_2)(rest);
  return pick(a != a, a, y);
}

/* With m = exp(2|a|) - 1, tanh |a| = m / (m + 2), which keeps its digits near 0. */
INLINE vec VARIANT(tanh)(vec a) {
  ivec sign = (ivec)a & alli(SIGN_BIT);
  vec size = (vec)((ivec)a ^ sign);
  vec x = 2.0 * pick(size > 20.0, all(20.0), size);
  REDUCE(x, shifted, r);
  vec scale = VARIANT(power_of_2)(shifted);
  vec m = scale * VARIANT(expm1_near_0)(r) + (scale - 1.0);
  vec y = (vec)((ivec)(m / (m + 2.0)) | sign);
  return pick(a != a, a, y);
}

INLINE vec VARIANT(erf)(vec a) {
  ivec sign = (ivec)a & alli(SIGN_BIT);
  vec x = (vec)((ivec)a ^ sign), z = x * x;
  vec small = all(ERF_SMALL[11]);
  for (int i = 10; i >= 0; i--) small = small * z + ERF_SMALL[i];
  x = pick(x > 6.0, all(6.0), x);
  vec t = (x - 3.0) / (x + 3.0), large = all(ERFC_LARGE[14]);
  for (int i = 13; i >= 0; i--) large = large * t + ERFC_LARGE[i];
  vec y = pick(z < 1.0, (vec)((ivec)a ^ sign) * small, 1.0 - VARIANT(exp)(-x * x) * large);
  return pick(a != a, a, (vec)((ivec)y | sign));
}

/* a = 2^n * m with m in [√½, √2); log m = 2 artanh s with s = (m - 1) / (m + 1), by its series. */
INLINE vec VARIANT(log)(vec a) {
  ivec small = a < 0x1p-1022;
  vec x = pick(small, a * 0x1p54, a);
  ivec bits = ((ivec)x & ~alli(SIGN_BIT)) - alli(0x3fe6a09e667f3bcdLL); /* what is below 0 is nan in the end */
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

#define ON_ROWS(name) \
  static void VARIANT(name##_row)(double *restrict o, const double *restrict x, long n) { \
    for (long k = 0; k < n; k += LANES) *(vec *)(o + k) = VARIANT(name)(*(const vec *)(x + k)); \
  }
ON_ROWS(exp)
ON_ROWS(log)
ON_ROWS(log1p)
ON_ROWS(tanh)
ON_ROWS(erf)

/* A run of a function where every row is one number: gathered into vectors. */
static void VARIANT(gathered)(int code, const int *c, const int *last, double *v) {
  double in[LANES] __attribute__((aligned(8 * LANES))), out[LANES] __attribute__((aligned(8 * LANES)));
  for (; c < last; c += 2 * LANES) {
    for (int q = 0; q < LANES; q++) in[q] = v[c + 2 * q < last ? c[2 * q + 1] : c[1]];
    vec a = *(vec *)in, y = code == EXP     ? VARIANT(exp)(a)
                            : code == LOG   ? VARIANT(log)(a)
                            : code == LOG1P ? VARIANT(log1p)(a)
                            : code == TANH  ? VARIANT(tanh)(a)
                                            : VARIANT(erf)(a);
    *(vec *)out = y;
    for (int q = 0; q < LANES && c + 2 * q < last; q++) v[c[2 * q]] = out[q];
  }
}

END_CONTRACT

/* A square root, or its inverse, where that is what the power is for all examples. */
static void VARIANT(power)(double *restrict o, const double *x, const double *y, long n) {
  double b = y[0];
  int same = fabs(b) == 0.5;
  for (long k = 1; k < n; k++) same &= y[k] == b;
  if (!same) {
    for (long k = 0; k < n; k++) o[k] = row_pow(x[k], y[k]);
    return;
  }
  for (long k = 0; k < n; k++) {
    double root = x[k] == -HUGE_VAL ? HUGE_VAL : sqrt(x[k] + 0.0); /* a power takes -0 for 0, and -inf for inf */
    o[k] = b > 0 ? root : 1.0 / root;
  }
}

#define ROW(slot) (v + (long)(slot) * stride)
#define AT(slot, k) (*(vec *)(ROW(slot) + (k)))

/* A run of instructions: how many, then for each the row of the result and those of the operands. */
#define RUN(code, width, ...) \
  case code: { \
    const int *last = c + 2 + (width) * c[1]; \
    for (c += 2; c < last; c += (width)) __VA_ARGS__ \
    break; }
#define EACH(width, code, result) \
  RUN(code, width, { \
    double *restrict o = ROW(c[0]); \
    const double *x = ROW(c[1]), *y = ROW(c[(width) - 1 > 1 ? 2 : 1]), *z = ROW(c[(width) - 1]); \
    (void)y, (void)z; \
    for (long k = 0; k < n; k++) o[k] = (result); })
#define EACH_1(code, row) EACH(2, code, row(x[k]))
#define EACH_2(code, row) EACH(3, code, row(x[k], y[k]))
#define EACH_3(code, row) EACH(4, code, row(x[k], y[k], z[k]))

/* rows outputs times `wide` vectors of examples: y[i] = sum over j of w[i][j] * x[j], all sums in registers. */
INLINE void VARIANT(dense_tile)(const int rows, const int wide, const int *out, const int *in, int size,
                                const double *w, double *v, long stride, long k) {
  vec sum[4][2];
  for (int i = 0; i < rows; i++) for (int q = 0; q < wide; q++) sum[i][q] = all(-0.0); /* -0 + x is x */
  for (int j = 0; j < size; j++) {
    vec x[2];
    for (int q = 0; q < wide; q++) x[q] = AT(in[j], k + q * LANES);
    for (int i = 0; i < rows; i++) {
      vec weight = all(w[(long)i * size + j]);
      for (int q = 0; q < wide; q++) sum[i][q] += weight * x[q];
    }
  }
  for (int i = 0; i < rows; i++) for (int q = 0; q < wide; q++) AT(out[i], k + q * LANES) = sum[i][q];
}

static void VARIANT(dense)(const int *out, int rows, const int *in, int size, const double *w, double *v, long stride,
                           long n) {
  for (long k = 0; k < n; k += 2 * LANES) {
    int wide = n - k > LANES, i = 0;
    for (; i + 4 <= rows; i += 4)
      if (wide) VARIANT(dense_tile)(4, 2, out + i, in, size, w + (long)i * size, v, stride, k);
      else VARIANT(dense_tile)(4, 1, out + i, in, size, w + (long)i * size, v, stride, k);
    for (; i < rows; i++)
      if (wide) VARIANT(dense_tile)(1, 2, out + i, in, size, w + (long)i * size, v, stride, k);
      else VARIANT(dense_tile)(1, 1, out + i, in, size, w + (long)i * size, v, stride, k);
  }
}

BEGIN_CONTRACT

/* rows times columns inner products over the examples, each in the lanes of a vector until all blocks are done:
   cell[i][j] += g[i] * x[j], the lanes beyond n being left out. */
INLINE void VARIANT(inner_tile)(const int rows, const int columns, const int *g, const int *x, long size, vec *cell,
                                const double *v, long stride, long n) {
  vec sum[4][2];
  for (int i = 0; i < rows; i++) for (int j = 0; j < columns; j++) sum[i][j] = cell[i * size + j];
  long k = 0;
  for (; k + LANES <= n; k += LANES) {
    vec b[2];
    for (int j = 0; j < columns; j++) b[j] = AT(x[j], k);
    for (int i = 0; i < rows; i++) for (int j = 0; j < columns; j++) sum[i][j] += AT(g[i], k) * b[j];
  }
  if (k < n) {
    ivec inside;
    for (int q = 0; q < LANES; q++) inside[q] = k + q < n ? -1 : 0;
    for (int i = 0; i < rows; i++)
      for (int j = 0; j < columns; j++) sum[i][j] += pick(inside, AT(g[i], k) * AT(x[j], k), all(0.0));
  }
  for (int i = 0; i < rows; i++) for (int j = 0; j < columns; j++) cell[i * size + j] = sum[i][j];
}

static void VARIANT(inner)(const int *g, int rows, const int *x, int size, double *cells, const double *v, long stride,
                           long n) {
  for (int i = 0; i < rows; i += 4)
    for (int j = 0; j < size; j += 2) {
      vec *cell = (vec *)cells + (long)i * size + j;
      if (rows - i >= 4 && size - j >= 2) VARIANT(inner_tile)(4, 2, g + i, x + j, size, cell, v, stride, n);
      else if (rows - i >= 4) VARIANT(inner_tile)(4, 1, g + i, x + j, size, cell, v, stride, n);
      else
        for (int r = i; r < rows; r++, cell += size)
          if (size - j >= 2) VARIANT(inner_tile)(1, 2, g + r, x + j, size, cell, v, stride, n);
          else VARIANT(inner_tile)(1, 1, g + r, x + j, size, cell, v, stride, n);
    }
}

END_CONTRACT

/* The sum of the lanes of every cell. */
static void VARIANT(add_lanes)(double *sums, const double *cells, long count) {
  for (long i = 0; i < count; i++) {
    double sum = 0.0;
    for (int q = 0; q < LANES; q++) sum += cells[i * LANES + q];
    sums[i] = sum;
  }
}

/* Runs the instructions from c to end on the n examples in v, with the weights in u, adding up into cells. */
static void VARIANT(run)(const int *c, const int *end, double *v, const double *u, double *cells, long stride, long n) {
  while (c < end) {
    switch (*c) {
      ELEMENTWISE_1(EACH_1)
      ELEMENTWISE_2(EACH_2)
      ELEMENTWISE_3(EACH_3)
      RUN(POW, 3, VARIANT(power)(ROW(c[0]), ROW(c[1]), ROW(c[2]), n);)
      RUN(EXP, 2, VARIANT(exp_row)(ROW(c[0]), ROW(c[1]), n);)
      RUN(LOG, 2, VARIANT(log_row)(ROW(c[0]), ROW(c[1]), n);)
      RUN(LOG1P, 2, VARIANT(log1p_row)(ROW(c[0]), ROW(c[1]), n);)
      RUN(TANH, 2, VARIANT(tanh_row)(ROW(c[0]), ROW(c[1]), n);)
      RUN(ERF, 2, VARIANT(erf_row)(ROW(c[0]), ROW(c[1]), n);)
      case SHIFT: {
        for (long k = 0; k < n; k += LANES) {
          vec top = all(-HUGE_VAL);
          for (int i = 0; i < c[1]; i++) { vec a = AT(c[3 + i], k); top = pick((a > top) | (a != a), a, top); }
          AT(c[2], k) = top;
        }
        c += 3 + c[1]; break;
      }
      case PRODUCTS: {
        for (long k = 0; k < n; k += LANES) {
          vec sum = AT(c[3], k) * AT(c[4], k);
          for (int i = 1; i < c[1]; i++) sum += AT(c[3 + 2 * i], k) * AT(c[4 + 2 * i], k);
          AT(c[2], k) = sum;
        }
        c += 3 + 2 * c[1]; break;
      }
      case DENSE:
        VARIANT(dense)(c + 4, c[1], c + 4 + c[1], c[2], u + c[3], v, stride, n);
        c += 4 + c[1] + c[2]; break;
      case INNER:
        VARIANT(inner)(c + 4, c[1], c + 4 + c[1], c[2], cells + (long)c[3] * LANES, v, stride, n);
        c += 4 + c[1] + c[2]; break;
      default: return; /* no other code is ever scheduled */
    }
  }
}

#undef vec
#undef ivec
#undef INLINE
#undef all
#undef alli
#undef pick
#undef TO_WHOLE
#undef LN2_HIGH
#undef LN2_LOW
#undef REDUCE
#undef ROW
#undef AT
#undef RUN
#undef EACH
#undef EACH_1
#undef EACH_2
#undef EACH_3
#undef ON_ROWS
