/* Where the results of operations lie in memory, and a queue of them by age.

   They are made one behind the other in slabs, so that of two the older lies in an older slab, or before the other in
   the same one. Operands are older than results: newest first is an order for the way back, and for freeing, that goes
   through memory in a straight line and needs no stack. The queue is a bit a node, kept by its slab: to push is to set
   it, to pop is to find the highest. A slab is used again when all its nodes are gone, so a node that is kept keeps
   the 4 KiB of its slab.

   Leaves, which often live long, are not made here. All of it is called with the GIL held. */
#ifndef WHYGRAD_ARENA_H
#define WHYGRAD_ARENA_H

#include <Python.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__) /* then a read of a node that is gone is an error; nothing is fetched ahead */
#include <sanitizer/asan_interface.h>
#define DEAD(memory, size) ASAN_POISON_MEMORY_REGION((memory), (size))
#define ALIVE(memory, size) ASAN_UNPOISON_MEMORY_REGION((memory), (size))
#else
#define DEAD(memory, size) ((void)0)
#define ALIVE(memory, size) ((void)0)
#endif

#define STRIDE 112 /* bytes from node to node */
#define SLOTS 35   /* nodes in a slab of 4 KiB, at most 64; slabs a power of two apart would share lines of the cache */
#define SPARE 4096 /* empty slabs kept to be used again: 16 MiB */
#define NEAR 8     /* nodes ahead whose operands are prefetched, */
#define FAR 16     /* and nodes ahead that are themselves */

typedef struct Slab {
  struct Slab *older, *newer;
  int64_t age; /* the higher, the newer */
  int32_t made, live;
  uint64_t queued;
  char nodes[SLOTS * STRIDE];
} Slab;

typedef struct Node { /* a Value, by value.pxd */
  PyObject_HEAD
  Slab *slab; /* NULL in a leaf */
  double grad, data;
  long long code; /* of the operation, 0 in a leaf */
  struct Node *a, *b;
  PyObject *lists;
  double da, db;
  long long mark;
  PyObject *label;
  long serial;
} Node;

typedef struct {
  Slab *newest, *spare, *top; /* top: no slab newer than this has something queued */
  int64_t slabs, waiting;     /* opened so far; with something queued now */
  int spares, draining;
  long serial; /* of the last node */
  PyTypeObject *type;
  destructor dealloc_leaf;
  PyObject *no_arguments; /* an empty tuple */
} Arena;

#if defined(__GNUC__)
#define FETCH(memory) __builtin_prefetch((memory), 1) /* a line of 64 bytes, to be written */
static inline int highest(uint64_t word) { return 63 - __builtin_clzll(word); }
#else
#define FETCH(memory) ((void)(memory))
static inline int highest(uint64_t word) {
  int bit = 0;
  for (int half = 32; half; half /= 2)
    if (word >> half) {
      word >>= half;
      bit += half;
    }
  return bit;
}
#endif

static inline void fetch_node(const void *node) {
  FETCH(node);
  FETCH((char *)node + 64);
}

static inline void fetch_operand(Node *o) {
  FETCH(o);
  FETCH((char *)o + offsetof(Node, data)); /* the next line, for every other node */
}

static Slab *open_slab(Arena *arena) {
  Slab *slab = arena->spare;
  if (slab) {
    arena->spare = slab->older;
    arena->spares--;
  } else if (!(slab = PyMem_RawMalloc(sizeof(Slab)))) {
    return NULL;
  }
  DEAD(slab->nodes, sizeof(slab->nodes));
  memset(slab, 0, offsetof(Slab, nodes));
  slab->age = ++arena->slabs;
  slab->older = arena->newest;
  if (slab->older) slab->older->newer = slab;
  return arena->newest = slab;
}

static void close_slab(Arena *arena, Slab *slab) {
  if (slab == arena->newest) {
    slab->made = 0;
    return;
  }
  if (slab == arena->top) arena->top = slab->older;
  slab->newer->older = slab->older;
  if (slab->older) slab->older->newer = slab->newer;
  if (arena->spares == SPARE) {
    PyMem_RawFree(slab);
    return;
  }
  slab->older = arena->spare;
  arena->spare = slab;
  arena->spares++;
}

/* The result of an operation, without a label. None is not counted, neither here nor where a node lets go of it: what is
   None in a node stays so. */
static inline PyObject *new_node(Arena *arena, long long code, double data, PyObject *a, PyObject *b, double da, double db,
                                 PyObject *lists, PyObject *no_label) {
  Slab *slab = arena->newest;
  if (!slab || slab->made == SLOTS) slab = open_slab(arena);
  if (!slab) return PyErr_NoMemory();
  Node *node = (Node *)(slab->nodes + (size_t)slab->made++ * STRIDE);
  slab->live++;
  fetch_node((char *)node + FAR * STRIDE);
  ALIVE(node, STRIDE);
  if (a != Py_None) Py_INCREF(a);
  if (b != Py_None) Py_INCREF(b);
  if (lists != Py_None) Py_INCREF(lists);
  Py_INCREF(no_label);
  node->slab = slab, node->grad = 0.0, node->data = data, node->code = code, node->a = (Node *)a, node->b = (Node *)b;
  node->lists = lists, node->da = da, node->db = db, node->mark = 0, node->label = no_label, node->serial = ++arena->serial;
  return PyObject_Init((PyObject *)node, arena->type);
}

static inline void let_go(void *object) {
  if (object != Py_None) Py_DECREF((PyObject *)object);
}

/* A leaf that is a plain number, which `db` says: a leaf has no partials. */
static inline PyObject *new_leaf(Arena *arena, double data, PyObject *no_label) {
  Node *node = (Node *)arena->type->tp_new(arena->type, arena->no_arguments, NULL);
  if (!node) return NULL;
  Py_DECREF(node->label);
  Py_INCREF(no_label);
  node->data = data, node->db = 1.0, node->label = no_label, node->serial = ++arena->serial;
  return (PyObject *)node;
}

/* Queue a node; 0 if it is a leaf, or queued already. */
static inline int push(Arena *arena, void *o) {
  Slab *slab = ((Node *)o)->slab;
  if (!slab) return 0;
  uint64_t bit = (uint64_t)1 << ((uint32_t)((char *)o - slab->nodes) / STRIDE), before = slab->queued;
  if (!before && (!arena->waiting++ || slab->age > arena->top->age)) arena->top = slab;
  slab->queued = before | bit;
  return !(before & bit);
}

/* Take the newest node from the queue; NULL if it is empty. */
static inline PyObject *pop(Arena *arena) {
  if (!arena->waiting) return NULL;
  Slab *slab = arena->top;
  while (!slab->queued) slab = slab->older;
  arena->top = slab;
  int bit = highest(slab->queued);
  char *node = slab->nodes + (size_t)bit * STRIDE;
  if (!(slab->queued ^= (uint64_t)1 << bit)) arena->waiting--;

#if !defined(__SANITIZE_ADDRESS__)
  fetch_node(node - FAR * STRIDE);
  Slab *near = bit < NEAR ? slab->older : slab;
  if (near) { /* one that is gone is no harm */
    Node *soon = (Node *)(near->nodes + (size_t)(bit < NEAR ? bit + SLOTS - NEAR : bit - NEAR) * STRIDE);
    fetch_operand(soon->a);
    fetch_operand(soon->b);
  }
#endif
  return (PyObject *)node;
}

static Arena nodes; /* of the module that installs it: others are handed it */

/* Free a node, and what only it kept alive, newest first: nothing nests, however deep the graph is. */
static void dealloc(PyObject *o) {
  if (!((Node *)o)->slab) {
    nodes.dealloc_leaf(o);
    return;
  }
  push(&nodes, o);
  if (nodes.draining) return;
  nodes.draining = 1;
  while ((o = pop(&nodes))) {
    Slab *slab = ((Node *)o)->slab;
    let_go(((Node *)o)->a);
    let_go(((Node *)o)->b);
    let_go(((Node *)o)->lists);
    Py_DECREF(((Node *)o)->label);
    DEAD(o, STRIDE);
    if (!--slab->live) close_slab(&nodes, slab);
  }
  nodes.draining = 0;
}

/* The number of a new node: of two, the younger has the higher. */
static inline long next_serial(void) { return ++nodes.serial; }

static inline Py_hash_t identity_hash(PyObject *o) { return PyBaseObject_Type.tp_hash(o); }

static inline int is_draining(const Arena *arena) { return arena->draining; }

/* Make nodes after the model of a Value that no __init__ has touched. */
static inline Arena *install(PyObject *blank) {
  PyTypeObject *type = Py_TYPE(blank);
  if (type->tp_basicsize != STRIDE || sizeof(Node) != STRIDE) {
    PyErr_Format(PyExc_SystemError, "a Value has %zd bytes, STRIDE in arena.h is %d", type->tp_basicsize, STRIDE);
    return NULL;
  }
  if (PyType_IS_GC(type)) { /* the collector would take the 16 bytes before a node for its own */
    PyErr_SetString(PyExc_SystemError, "a Value must be left out of the cyclic collector");
    return NULL;
  }
  nodes.type = type;
  nodes.dealloc_leaf = type->tp_dealloc;
  if (!(nodes.no_arguments = PyTuple_New(0))) return NULL;
  PyObject *final = PyDict_GetItemString(type->tp_dict, "_final");
  if (!final || PyDict_SetItemString(type->tp_dict, "__init_subclass__", final) < 0) return NULL;
  PyType_Modified(type);
  type->tp_dealloc = dealloc;
  return &nodes;
}
#endif
