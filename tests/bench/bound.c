// What is possible: each workload by hand, in C, with the derivatives written out.
// Examples are taken in blocks, one vector lane each, so that the compiler vectorises every loop over `e`.

#include <math.h>
#include <stdlib.h>
#include <string.h>

// A random expression on a tape: build, run back, free; or, prepared once, forward and back.

enum { ADD, MUL, TANH, SUB, DIV, EXP };

typedef struct { double data, grad, da, db; int a, b, op; } node;
typedef struct { long size, leaves; node *nodes; } tape;

static inline void compute(node *n, const node *nodes)
{
    double a = nodes[n->a].data, b = nodes[n->b].data;
    switch (n->op) {
    case ADD: n->data = a + b; n->da = 1, n->db = 1; break;
    case MUL: n->data = a * b; n->da = b, n->db = a; break;
    case TANH: n->data = tanh(a); n->da = 1 - n->data * n->data, n->db = 0; break;
    case SUB: n->data = a - b; n->da = 1, n->db = -1; break;
    case DIV: n->data = a / b; n->da = 1 / b, n->db = -n->data / b; break;
    case EXP: n->data = exp(a); n->da = n->data, n->db = 0; break;
    }
    n->grad = 0;
}

static int push(tape *t, int op, int a, int b)
{
    node *n = &t->nodes[t->size];
    n->op = op, n->a = a, n->b = b;
    compute(n, t->nodes);
    return t->size++;
}

tape *build(long operations, const int *op, const int *left, const int *right, long pool, const double *x)
{
    tape *t = malloc(sizeof *t);
    int *at = malloc(pool * sizeof *at);
    t->nodes = malloc((operations + 2 * pool) * sizeof *t->nodes);
    t->size = t->leaves = pool;
    for (long i = 0; i < pool; i++) t->nodes[i] = (node){.data = x[i]}, at[i] = i;
    for (long k = 0; k < operations; k++) at[left[k]] = push(t, op[k], at[left[k]], at[right[k]]);
    for (; pool > 1; pool = (pool + 1) / 2) {
        for (long i = 0; i < pool / 2; i++) at[i] = push(t, ADD, at[2 * i], at[2 * i + 1]);
        if (pool % 2) at[pool / 2] = at[pool - 1];
    }
    free(at);
    return t;
}

double back(tape *t, double *dx)
{
    node *nodes = t->nodes;
    nodes[t->size - 1].grad = 1;
    for (long k = t->size - 1; k >= t->leaves; k--) {
        double grad = nodes[k].grad;
        nodes[nodes[k].a].grad += grad * nodes[k].da;
        nodes[nodes[k].b].grad += grad * nodes[k].db;
    }
    for (long i = 0; i < t->leaves; i++) dx[i] = nodes[i].grad;
    return nodes[t->size - 1].data;
}

void release(tape *t) { free(t->nodes); free(t); }

double expression(long operations, const int *op, const int *left, const int *right, long pool, const double *x,
                  double *dx)
{
    tape *t = build(operations, op, left, right, pool, x);
    double value = back(t, dx);
    release(t);
    return value;
}

double again(tape *t, const double *x, double *dx)
{
    for (long i = 0; i < t->leaves; i++) t->nodes[i].data = x[i], t->nodes[i].grad = 0;
    for (long k = t->leaves; k < t->size; k++) compute(&t->nodes[k], t->nodes);
    return back(t, dx);
}

// c += a b, in tiles small enough for their sums to stay in registers. Strides: ra and ca, rb, rc.

#define INLINE static inline __attribute__((always_inline))
#define TILE for (int i = 0; i < R; i++) for (int v = 0; v < N; v++)
typedef double vector __attribute__((vector_size(32), aligned(8), may_alias));

INLINE void tile(const int R, const int N, int inner, const double *a, int ra, int ca, const double *b, int rb,
                 double *c, int rc)
{
    vector sum[R][N];
    TILE sum[i][v] = ((vector *)(c + i * rc))[v];
    for (int k = 0; k < inner; k++) TILE sum[i][v] += a[i * ra + k * ca] * ((const vector *)(b + k * rb))[v];
    TILE ((vector *)(c + i * rc))[v] = sum[i][v];
}

INLINE void strip(const int N, int rows, int inner, const double *a, int ra, int ca, const double *b, int rb, double *c,
                  int rc)
{
    for (; rows >= 4; rows -= 4, a += 4 * ra, c += 4 * rc) tile(4, N, inner, a, ra, ca, b, rb, c, rc);
    for (; rows; rows--, a += ra, c += rc) tile(1, N, inner, a, ra, ca, b, rb, c, rc);
}

static void multiply(int rows, int inner, int columns, const double *a, int ra, int ca, const double *b, int rb,
                     double *c, int rc)  // columns: a multiple of 4
{
    for (; columns >= 8; columns -= 8, b += 8, c += 8) strip(2, rows, inner, a, ra, ca, b, rb, c, rc);
    if (columns) strip(1, rows, inner, a, ra, ca, b, rb, c, rc);
}

// A perceptron: the sum of the losses, and the gradient of that sum added to `dw`. Blocks hold a row a unit and a
// column an example; `k` of the columns are used.

enum { HINGE, SQUARES, SOFTMAX, WIDEST = 64, LAYERS = 4, K = 32 };
typedef struct { int layers, tanh, loss, sizes[LAYERS + 1]; } net;
typedef double block[WIDEST][K];

static void layer(net f, int l, int k, const double *w, block x, block y)
{
    int n = f.sizes[l], m = f.sizes[l + 1];
    for (int i = 0; i < m; i++)
        for (int e = 0; e < k; e++) y[i][e] = w[m * n + i];
    multiply(m, n, k, w, n, 1, *x, K, *y, K);
    if (l + 1 == f.layers) return;
    for (int i = 0; i < m; i++)
        if (f.tanh) for (int e = 0; e < k; e++) y[i][e] = tanh(y[i][e]);
        else for (int e = 0; e < k; e++) y[i][e] = y[i][e] > 0 ? y[i][e] : 0;
}

static void layer_back(net f, int l, int k, const double *w, double *dw, block x, block dy, block dx)
{
    int n = f.sizes[l], m = f.sizes[l + 1];
    double turned[K][WIDEST];
    for (int j = 0; j < n; j++)
        for (int e = 0; e < k; e++) turned[e][j] = x[j][e];
    if (n % 4 == 0) multiply(m, k, n, *dy, K, 1, *turned, WIDEST, dw, n);
    else for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++)
            for (int e = 0; e < k; e++) dw[i * n + j] += dy[i][e] * x[j][e];
    for (int i = 0; i < m; i++)
        for (int e = 0; e < k; e++) dw[m * n + i] += dy[i][e];
    if (l == 0) return;
    memset(dx, 0, n * sizeof *dx);
    multiply(n, m, k, w, 1, n, *dy, K, *dx, K);
    for (int j = 0; j < n; j++)
        if (f.tanh) for (int e = 0; e < k; e++) dx[j][e] *= 1 - x[j][e] * x[j][e];
        else for (int e = 0; e < k; e++) dx[j][e] = x[j][e] > 0 ? dx[j][e] : 0;
}

static double seed(net f, int live, int k, const double *targets, block z)  // z becomes d loss / d z
{
    double loss = 0;
    int classes = f.sizes[f.layers];
    for (int e = 0; e < live; e++) {
        double y = targets[e], margin = 1 - y * z[0][e], error = z[0][e] - y, sum = 0;
        if (f.loss == HINGE) loss += margin > 0 ? margin : 0, z[0][e] = margin > 0 ? -y : 0;
        if (f.loss == SQUARES) loss += error * error, z[0][e] = 2 * error;
        if (f.loss != SOFTMAX) continue;
        loss -= z[(int)y][e];
        for (int i = 0; i < classes; i++) sum += z[i][e] = exp(z[i][e]);
        for (int i = 0; i < classes; i++) z[i][e] /= sum;
        z[(int)y][e] -= 1;
        loss += log(sum);
    }
    for (int i = 0; i < classes; i++)
        for (int e = live; e < k; e++) z[i][e] = 0;
    return loss;
}

static double one_block(net f, int live, const double *X, const double *Y, const double *w, double *dw)
{
    block x[LAYERS + 1], dx[2];
    int n = f.sizes[0], k = (live + 3) / 4 * 4;
    long start[LAYERS + 1] = {0};
    for (int j = 0; j < n; j++)
        for (int e = 0; e < k; e++) x[0][j][e] = e < live ? X[e * n + j] : 0;
    for (int l = 0; l < f.layers; l++) {
        layer(f, l, k, w + start[l], x[l], x[l + 1]);
        start[l + 1] = start[l] + (f.sizes[l] + 1) * f.sizes[l + 1];
    }
    double loss = seed(f, live, k, Y, x[f.layers]);
    for (int l = f.layers - 1; l >= 0; l--) {
        double (*dy)[K] = l == f.layers - 1 ? x[f.layers] : dx[(l + 1) % 2];
        layer_back(f, l, k, w + start[l], dw + start[l], x[l], dy, dx[l % 2]);
    }
    return loss;
}

double perceptron(net f, long size, const double *X, const double *Y, const double *w, double *dw)
{
    double loss = 0;
    for (long done = 0; done < size; done += K)
        loss += one_block(f, size - done < K ? size - done : K, X + done * f.sizes[0], Y + done, w, dw);
    return loss;
}

double mean_loss(net f, long size, const double *X, const double *Y, double decay, const double *w, double *dw)
{
    long weights = 0;
    for (int l = 0; l < f.layers; l++) weights += (f.sizes[l] + 1) * f.sizes[l + 1];
    memset(dw, 0, weights * sizeof *dw);
    double loss = perceptron(f, size, X, Y, w, dw) / size;
    for (long i = 0; i < weights; i++) loss += decay * w[i] * w[i], dw[i] = dw[i] / size + 2 * decay * w[i];
    return loss;
}

// Black and Scholes' price and its five sensitivities, in closed form. The arrays are columns of length n.

void black_scholes(long n, const double *x, double *restrict d)
{
    for (long e = 0; e < n; e++) {
        double spot = x[e], strike = x[n + e], rate = x[2 * n + e], volatility = x[3 * n + e], years = x[4 * n + e];
        double root = sqrt(years), deviation = volatility * root;
        double d1 = (log(spot / strike) + (rate + volatility * volatility * .5) * years) / deviation;
        double d2 = d1 - deviation, discounted = strike * exp(-rate * years);
        double n1 = .5 + .5 * erf(d1 * M_SQRT1_2), n2 = .5 + .5 * erf(d2 * M_SQRT1_2);
        double vega = spot * root * exp(-.5 * d1 * d1) * .3989422804014327;  // 1/√(2π)
        d[e] = n1;
        d[n + e] = -n2 * discounted / strike;
        d[2 * n + e] = discounted * years * n2;
        d[3 * n + e] = vega;
        d[4 * n + e] = .5 * vega * volatility / years + rate * discounted * n2;
    }
}
