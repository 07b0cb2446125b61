/* What an instruction does to a block of examples. Included once for each instruction set (native.h), with
   VARIANT(name) and LANES defined. A row v + slot * stride holds one number for each of n examples; rows start
   at multiples of 64 bytes and stride is a multiple of 8, so whole vectors may be computed beyond n.
   Results never share a row with operands. */

#include "vectors.h"

BEGIN_CONTRACT

#define ROW(slot) (v + (long)(slot) * stride)
#define AT(slot, k) (*(vec *)(ROW(slot) + (k)))

/* A run of a function, or of a pair of functions, which share the work on their operand. Not inlined: each would be
   compiled twice. */
#define FUNCTION_OF_ROWS(CODE, name) \
  __attribute__((noinline)) static void VARIANT(name##_rows)(const int *c, const int *last, double *v, long stride, long n) { \
    for (; c < last; c += 2) \
      for (long k = 0; k < n; k += LANES) AT(c[0], k) = VARIANT(name)(AT(c[1], k)); \
  }
#define PAIR_OF_ROWS(CODE, name, partner) \
  __attribute__((noinline)) static void VARIANT(name##_pairs)(const int *c, const int *last, double *v, long stride, long n) { \
    for (; c < last; c += 3) \
      for (long k = 0; k < n; k += LANES) { \
        vec a = AT(c[2], k); \
        AT(c[0], k) = VARIANT(name)(a), AT(c[1], k) = VARIANT(partner)(a); \
      } \
  }
FUNCTIONS(FUNCTION_OF_ROWS)
PAIRS(PAIR_OF_ROWS)

/* The same for a single example: up to 64 operands are gathered into the rows y, d and x of a block. */
#define GATHERED(CODE, name) case CODE: VARIANT(name##_rows)(function, function + 2, block, 64, n); break;
#define GATHERED_PAIR(CODE, name, partner) case CODE: VARIANT(name##_pairs)(pair, pair + 3, block, 64, n); break;
static const int *VARIANT(gathered)(int code, const int *c, int count, int width, double *v) {
  double block[3 * 64] __attribute__((aligned(64))), *y = block, *d = block + 64, *x = block + 128;
  const int function[] = {0, 2}, pair[] = {0, 1, 2};
  for (long n; count > 0; count -= n) {
    n = count < 64 ? count : 64;
    for (long k = 0; k < (n + 7) / 8 * 8; k++) x[k] = v[c[(k < n ? k : 0) * width + width - 1]];
    switch (code) { FUNCTIONS(GATHERED) PAIRS(GATHERED_PAIR) }
    for (long k = 0; k < n; k++, c += width) {
      v[c[0]] = y[k];
      if (width == 3) v[c[1]] = d[k];
    }
  }
  return c;
}

END_CONTRACT

/* A run of instructions: how many, then for each the row of the result and those of the operands. */
#define RUN(code, width, ...) \
  case code: { \
    const int *last = c + 2 + (width) * c[1]; \
    for (c += 2; c < last; c += (width)) __VA_ARGS__ \
    break; }
#define VECTORS(width, code, result) \
  RUN(code, width, for (long k = 0; k < n; k += LANES) AT(c[0], k) = (result);)
#define VECTORS_1(code, row) VECTORS(2, code, VARIANT(row)(AT(c[1], k)))
#define VECTORS_2(code, row) VECTORS(3, code, VARIANT(row)(AT(c[1], k), AT(c[2], k)))
#define VECTORS_3(code, row) VECTORS(4, code, VARIANT(row)(AT(c[1], k), AT(c[2], k), AT(c[3], k)))
#define EACH(width, code, result) \
  RUN(code, width, for (long k = 0; k < n; k++) ROW(c[0])[k] = (result);)
#define EACH_1(code, row) EACH(2, code, row_##row(ROW(c[1])[k]))
#define EACH_2(code, row) EACH(3, code, row_##row(ROW(c[1])[k], ROW(c[2])[k]))
#define EACH_3(code, row) EACH(4, code, row_##row(ROW(c[1])[k], ROW(c[2])[k], ROW(c[3])[k]))
#define FUNCTION(code, name) \
  case code: VARIANT(name##_rows)(c + 2, c + 2 + 2 * c[1], v, stride, n), c += 2 + 2 * c[1]; break;
#define PAIR(code, name, partner) \
  case code: VARIANT(name##_pairs)(c + 2, c + 2 + 3 * c[1], v, stride, n), c += 2 + 3 * c[1]; break;

/* Products of matrices. A tile is some rows times some vectors of the result, all in registers. */
#if LANES == 8
#define TALL 4
#define BROAD 4
#elif LANES == 4
#define TALL 4
#define BROAD 3
#else
#define TALL 4
#define BROAD 2
#endif
#define BREADTH(left) ((left) >= BROAD && !(BROAD == 3 && (left) == 4) ? BROAD : (left) > 1 ? 2 : 1)

BEGIN_CONTRACT

/* out[i] = the sum over j of w[i + j * apart] * in[j], from example k on. */
INLINE void VARIANT(dense_tile)(const int rows, const int wide, const int *out, const int *in, int size,
                                const double *w, long apart, double *v, long stride, long k) {
  vec sum[TALL][BROAD];
  for (int i = 0; i < rows; i++) for (int q = 0; q < wide; q++) sum[i][q] = all(-0.0); /* -0 + x is x */
  for (int j = 0; j < size; j++, w += apart) {
    vec x[BROAD];
    for (int q = 0; q < wide; q++) x[q] = AT(in[j], k + q * LANES);
    for (int i = 0; i < rows; i++) for (int q = 0; q < wide; q++) sum[i][q] += all(w[i]) * x[q];
  }
  for (int i = 0; i < rows; i++) for (int q = 0; q < wide; q++) AT(out[i], k + q * LANES) = sum[i][q];
}

INLINE void VARIANT(dense_strip)(const int wide, const int *out, int rows, const int *in, int size, const double *w,
                                 double *v, long stride, long k) {
  int i = 0;
  for (; i + TALL <= rows; i += TALL) VARIANT(dense_tile)(TALL, wide, out + i, in, size, w + i, rows, v, stride, k);
  for (; i + 2 <= rows; i += 2) VARIANT(dense_tile)(2, wide, out + i, in, size, w + i, rows, v, stride, k);
  if (i < rows) VARIANT(dense_tile)(1, wide, out + i, in, size, w + i, rows, v, stride, k);
}

static void VARIANT(dense)(const int *out, int rows, const int *in, int size, const double *w, double *v, long stride,
                           long n) {
  for (long k = 0, wide; k < n; k += wide * LANES) {
    wide = BREADTH((n - k + LANES - 1) / LANES);
    if (wide > 2 && BROAD == 3) wide = 2; /* so that a tile fits in the registers */
    if (wide == BROAD) VARIANT(dense_strip)(BROAD, out, rows, in, size, w, v, stride, k);
    else if (wide == 2) VARIANT(dense_strip)(2, out, rows, in, size, w, v, stride, k);
    else VARIANT(dense_strip)(1, out, rows, in, size, w, v, stride, k);
  }
}

/* The same for a single example: the matrix's rows are in the lanes, each with `apart` partial sums. */
INLINE void VARIANT(dense_one_strip)(const int vectors, const int apart, const int *out, int rows, const int *in, int size,
                                     const double *w, long width, double *v) {
  vec sum[8];
  double y[8 * LANES] __attribute__((aligned(64)));
  for (int q = 0; q < vectors * apart; q++) sum[q] = all(-0.0);
  int j = 0;
  for (; j + apart <= size; j += apart)
    for (int p = 0; p < apart; p++, w += width)
      for (int q = 0; q < vectors; q++) sum[p * vectors + q] += *(const anywhere *)(w + q * LANES) * all(v[in[j + p]]);
  for (; j < size; j++, w += width)
    for (int q = 0; q < vectors; q++) sum[q] += *(const anywhere *)(w + q * LANES) * all(v[in[j]]);
  for (int p = apart / 2; p; p /= 2) for (int q = 0; q < p * vectors; q++) sum[q] += sum[p * vectors + q];
  for (int q = 0; q < vectors; q++) *(vec *)(y + q * LANES) = sum[q];
  for (int i = 0; i < rows && i < vectors * LANES; i++) v[out[i]] = y[i];
}

static void VARIANT(dense_one)(const int *out, int rows, const int *in, int size, const double *w, double *v) {
  if (rows == 1) {
    double sum[4] = {-0.0, -0.0, -0.0, -0.0};
    int j = 0;
    for (; j + 4 <= size; j += 4) for (int p = 0; p < 4; p++) sum[p] += w[j + p] * v[in[j + p]];
    for (; j < size; j++) sum[0] += w[j] * v[in[j]];
    v[out[0]] = (sum[0] + sum[2]) + (sum[1] + sum[3]);
    return;
  }
  for (int i = 0; i < rows;) {
    int left = rows - i;
    const double *at = w + i;
    if (left > 4 * LANES) VARIANT(dense_one_strip)(8, 1, out + i, left, in, size, at, rows, v), i += 8 * LANES;
    else if (left > 2 * LANES) VARIANT(dense_one_strip)(4, 2, out + i, left, in, size, at, rows, v), i += 4 * LANES;
    else if (left > LANES) VARIANT(dense_one_strip)(2, 4, out + i, left, in, size, at, rows, v), i += 2 * LANES;
    else VARIANT(dense_one_strip)(1, 4, out + i, left, in, size, at, rows, v), i += LANES;
  }
}

/* rows times columns inner products over the examples, each in the lanes of a vector until all blocks are done:
   cell[i][j] += g[i] * x[j], the lanes beyond n being left out. */
INLINE void VARIANT(inner_tile)(const int rows, const int columns, const int *g, const int *x, long size, vec *cell,
                                const double *v, long stride, long n) {
  vec sum[TALL][BROAD];
  for (int i = 0; i < rows; i++) for (int j = 0; j < columns; j++) sum[i][j] = cell[i * size + j];
  long k = 0;
  for (; k + LANES <= n; k += LANES) {
    vec b[BROAD];
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

INLINE void VARIANT(inner_strip)(const int columns, const int *g, int rows, const int *x, long size, vec *cell,
                                 const double *v, long stride, long n) {
  int i = 0;
  for (; i + TALL <= rows; i += TALL)
    VARIANT(inner_tile)(TALL, columns, g + i, x, size, cell + i * size, v, stride, n);
  for (; i < rows; i++) VARIANT(inner_tile)(1, columns, g + i, x, size, cell + i * size, v, stride, n);
}

static void VARIANT(inner)(const int *g, int rows, const int *x, int size, double *cells, const double *v, long stride,
                           long n) {
  for (int j = 0, columns; j < size; j += columns) {
    columns = BREADTH(size - j);
    vec *cell = (vec *)cells + j;
    if (columns == BROAD) VARIANT(inner_strip)(BROAD, g, rows, x + j, size, cell, v, stride, n);
    else if (columns == 2) VARIANT(inner_strip)(2, g, rows, x + j, size, cell, v, stride, n);
    else VARIANT(inner_strip)(1, g, rows, x + j, size, cell, v, stride, n);
  }
}

#if LANES == 8 && defined(SHUFFLES)
#define SHUFFLE __builtin_shufflevector
INLINE void VARIANT(transpose)(vec *a) {
  vec b[8];
  for (int q = 0; q < 8; q += 2) {
    b[q] = SHUFFLE(a[q], a[q + 1], 0, 8, 2, 10, 4, 12, 6, 14);
    b[q + 1] = SHUFFLE(a[q], a[q + 1], 1, 9, 3, 11, 5, 13, 7, 15);
  }
  for (int q = 0; q < 8; q += 4) for (int r = q; r < q + 2; r++) {
    a[r] = SHUFFLE(b[r], b[r + 2], 0, 1, 8, 9, 4, 5, 12, 13);
    a[r + 2] = SHUFFLE(b[r], b[r + 2], 2, 3, 10, 11, 6, 7, 14, 15);
  }
  for (int q = 0; q < 4; q++) {
    b[q] = SHUFFLE(a[q], a[q + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    b[q + 4] = SHUFFLE(a[q], a[q + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
  for (int q = 0; q < 8; q++) a[q] = b[q];
}
#elif LANES == 4 && defined(SHUFFLES)
#define SHUFFLE __builtin_shufflevector
INLINE void VARIANT(transpose)(vec *a) {
  vec b[4];
  for (int q = 0; q < 4; q += 2) {
    b[q] = SHUFFLE(a[q], a[q + 1], 0, 4, 2, 6);
    b[q + 1] = SHUFFLE(a[q], a[q + 1], 1, 5, 3, 7);
  }
  for (int q = 0; q < 2; q++) {
    a[q] = SHUFFLE(b[q], b[q + 2], 0, 1, 4, 5);
    a[q + 2] = SHUFFLE(b[q], b[q + 2], 2, 3, 6, 7);
  }
}
#else
INLINE void VARIANT(transpose)(vec *a) {
  for (int q = 0; q < LANES; q++) for (int r = 0; r < q; r++) {
    double swapped = a[q][r];
    a[q][r] = a[r][q], a[r][q] = swapped;
  }
}
#endif

/* t[k * size + j] = row j of example k, for a whole number of vectors of rows. */
static void VARIANT(turn)(const int *x, int size, double *t, const double *v, long stride, long n) {
  for (long k = 0; k < n; k += LANES)
    for (int j = 0; j < size; j += LANES) {
      vec a[LANES];
      for (int q = 0; q < LANES; q++) a[q] = AT(x[j + q], k);
      VARIANT(transpose)(a);
      for (int q = 0; q < LANES; q++) *(vec *)(t + (k + q) * size + j) = a[q];
    }
}

/* The inputs of n examples from number `first` on, LANES columns at once if they are adjacent in memory; the last
   example is repeated to fill the block. */
static void VARIANT(load)(const Column *columns, const int *slots, long count, double *v, long stride, long first,
                          long n) {
  for (long i = 0, wide; i < count; i += wide) {
    const char *data = columns[i].data + first * columns[i].step;
    long step = columns[i].step, k = 0;
    for (wide = 1; wide < LANES && i + wide < count; wide++)
      if (columns[i + wide].step != step || columns[i + wide].data != columns[i].data + 8 * wide) break;
    if (wide < LANES) wide = 1;
    else
      for (; k + LANES <= n; k += LANES) {
        vec a[LANES];
        for (int q = 0; q < LANES; q++) {
          a[q] = *(const anywhere *)(data + (k + q) * step);
          __builtin_prefetch(data + (k + q + stride) * step, 0, 2); /* for the next block */
        }
        VARIANT(transpose)(a);
        for (int q = 0; q < LANES; q++) AT(slots[i + q], k) = a[q];
      }
    for (int q = 0; q < wide; q++) {
      double *row = ROW(slots[i + q]);
      if (step == 8) memcpy(row + k, data + 8 * (q + k), 8 * (n - k));
      else for (long m = k; m < n; m++) row[m] = *(const double *)(data + 8 * q + m * step);
      for (long m = n; m < stride; m++) row[m] = row[n - 1];
    }
  }
}

/* cell[i * width + j] += g[i] * t[j], example by example: columns in the lanes. */
INLINE void VARIANT(outer_tile)(const int rows, const int wide, const int *g, const double *t, int size, double *cell,
                                long width, const double *v, long stride, long n) {
  vec sum[TALL][BROAD];
  const double *row[TALL];
  for (int i = 0; i < rows; i++) row[i] = ROW(g[i]);
  for (int i = 0; i < rows; i++)
    for (int q = 0; q < wide; q++) sum[i][q] = *(anywhere *)(cell + i * width + q * LANES);
  for (long k = 0; k < n; k++, t += size) {
    vec x[BROAD];
    for (int q = 0; q < wide; q++) x[q] = *(const vec *)(t + q * LANES);
    for (int i = 0; i < rows; i++) for (int q = 0; q < wide; q++) sum[i][q] += all(row[i][k]) * x[q];
  }
  for (int i = 0; i < rows; i++)
    for (int q = 0; q < wide; q++) *(anywhere *)(cell + i * width + q * LANES) = sum[i][q];
}

INLINE void VARIANT(outer_strip)(const int wide, const int *g, int rows, const double *t, int size, double *cell,
                                 long width, const double *v, long stride, long n) {
  int i = 0;
  for (; i + TALL <= rows; i += TALL)
    VARIANT(outer_tile)(TALL, wide, g + i, t, size, cell + i * width, width, v, stride, n);
  for (; i + 2 <= rows; i += 2)
    VARIANT(outer_tile)(2, wide, g + i, t, size, cell + i * width, width, v, stride, n);
  for (; i < rows; i++) VARIANT(outer_tile)(1, wide, g + i, t, size, cell + i * width, width, v, stride, n);
}

#define TURNED 32 /* columns at once */
static void VARIANT(outer)(const int *g, int rows, const int *x, int width, double *cells, const double *v, long stride,
                           long n) {
  double t[TURNED * 64] __attribute__((aligned(64)));
  for (int first = 0; first < width; first += TURNED) {
    int size = width - first < TURNED ? width - first : TURNED;
    VARIANT(turn)(x + first, size, t, v, stride, n);
    for (long j = 0, wide; j < size; j += wide * LANES) {
      wide = BREADTH((size - j) / LANES);
      double *cell = cells + first + j;
      if (wide == BROAD) VARIANT(outer_strip)(BROAD, g, rows, t + j, size, cell, width, v, stride, n);
      else if (wide == 2) VARIANT(outer_strip)(2, g, rows, t + j, size, cell, width, v, stride, n);
      else VARIANT(outer_strip)(1, g, rows, t + j, size, cell, width, v, stride, n);
    }
  }
}

/* Inner and outer products for a single example. */
static void VARIANT(inner_one)(const int *g, int rows, const int *x, int width, double *cells, const double *v) {
  double b[256] __attribute__((aligned(64)));
  for (int first = 0; first < width; first += 256) {
    int size = width - first < 256 ? width - first : 256, whole = size / LANES * LANES;
    for (int j = 0; j < size; j++) b[j] = v[x[first + j]];
    for (int i = 0; i < rows; i++) {
      double a = v[g[i]], *cell = cells + (long)i * width + first;
      for (int j = 0; j < whole; j += LANES) *(anywhere *)(cell + j) += a * *(vec *)(b + j);
      for (int j = whole; j < size; j++) cell[j] += a * b[j];
    }
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

/* A run of instructions of any number of operands: a total, updated by every operand from `from` on. */
#define MANY(code, start, from, step, next) \
  case code: { \
    const int operands = c[2], *last = c + 3 + (1 + operands) * c[1]; \
    for (c += 3; c < last; c += 1 + operands) \
      for (long k = 0; k < n; k += LANES) { \
        vec total = (start); \
        for (int i = (from); i <= operands; i += (step)) total = (next); \
        AT(c[0], k) = total; \
      } \
    break; }
#define REDUCTION(code, name, start) MANY(code, all(start), 1, 1, VARIANT(name)(total, AT(c[i], k)))

/* Runs the instructions from c to end on the n examples in v, with the weights in u, adding up inner products into lanes
   and outer products into sums. */
static void VARIANT(run)(const int *c, const int *end, double *v, const double *u, double *lanes, double *sums, long stride,
                         long n) {
  while (c < end) {
    switch (*c) {
      ARITHMETIC_1(VECTORS_1)
      ARITHMETIC_2(VECTORS_2)
      ARITHMETIC_3(VECTORS_3)
      LIBRARY_1(EACH_1)
      LIBRARY_2(EACH_2)
      LIBRARY_3(EACH_3)
      FUNCTIONS(FUNCTION)
      PAIRS(PAIR)
      REDUCTIONS(REDUCTION)
      MANY(PRODUCTS, AT(c[1], k) * AT(c[2], k), 3, 2, total + AT(c[i], k) * AT(c[i + 1], k))
      case DENSE:
        VARIANT(dense)(c + 4, c[1], c + 4 + c[1], c[2], u + c[3], v, stride, n);
        c += 4 + c[1] + c[2]; break;
      case INNER:
        VARIANT(inner)(c + 4, c[1], c + 4 + c[1], c[2], lanes + (long)c[3] * LANES, v, stride, n);
        c += 4 + c[1] + c[2]; break;
      case OUTER:
        VARIANT(outer)(c + 4, c[1], c + 4 + c[1], c[2], sums + c[3], v, stride, n);
        c += 4 + c[1] + c[2]; break;
      default: return; /* no other code is ever scheduled */
    }
  }
}

#undef vec
#undef anywhere
#undef ivec
#undef INLINE
#undef all
#undef alli
#undef pick
#undef abs_
#undef floor_
#undef TO_WHOLE
#undef LN2_HIGH
#undef LN2_LOW
#undef REDUCE
#undef ROW
#undef AT
#undef FUNCTION_OF_ROWS
#undef PAIR_OF_ROWS
#undef GATHERED
#undef GATHERED_PAIR
#undef RUN
#undef VECTORS
#undef VECTORS_1
#undef VECTORS_2
#undef VECTORS_3
#undef EACH
#undef EACH_1
#undef EACH_2
#undef EACH_3
#undef FUNCTION
#undef PAIR
#undef MANY
#undef REDUCTION
#undef TALL
#undef BROAD
#undef BREADTH
#undef SHUFFLE
#undef TURNED
