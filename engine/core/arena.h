/* An arena for the results of operations, and a priority queue of them by age.

   Nodes are allocated consecutively in slabs: of two nodes, the older is in an older slab, or comes first in the same
   one. Operands are older than results, so newest first is a reverse topological order: backward passes and freeing
   follow it linearly through memory, without a stack. The queue has one bit per node, in its slab: push sets the bit,
   pop finds the highest one. A slab is reused when all its nodes are freed, so a live node keeps 4 KiB alive.

   Leaves, which often live long, are not allocated here. All functions are called with the GIL held. */
#ifndef WHYGRAD_ARENA_H
#define WHYGRAD_ARENA_H

#include <Python.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__) /* reading a freed node is then an error; nothing is prefetched */
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
#define NEAR 8     /* prefetch distance for operands, in nodes, */
#define FAR 16     /* and for the nodes themselves */

typedef struct Slab {
  struct Slab *older, *newer;
  int64_t age; /* the higher, the newer */
  int32_t made, live;
  uint64_t queued;
  char nodes[SLOTS * STRIDE];
} Slab;

#include "node.h" /* Node: the fields of a Value, which the build reads from node.pxd. The slab of a leaf is NULL */

typedef struct {
  Slab *newest, *spare, *top; /* top: no slab newer than this has a queued node */
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
  FETCH((char *)o + offsetof(Node, number)); /* the next line, for every other node */
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

/* The result of an operation, without a label. None is not reference-counted, here or when a node is freed: a
   field that is None stays None. */
static inline PyObject *new_node(Arena *arena, long long code, double number, PyObject *a, PyObject *b, double da, double db,
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
  node->slab = slab, node->grad = 0.0, node->number = number, node->code = code, node->a = (Node *)a, node->b = (Node *)b;
  node->lists = lists, node->da = da, node->db = db, node->mark = 0, node->label = no_label, node->serial = ++arena->serial;
  return PyObject_Init((PyObject *)node, arena->type);
}

static inline void let_go(void *object) {
  if (object != Py_None) Py_DECREF((PyObject *)object);
}

/* A leaf that is a plain number, which `db` says: a leaf has no partials. */
static inline PyObject *new_leaf(Arena *arena, double number, PyObject *no_label) {
  Node *node = (Node *)arena->type->tp_new(arena->type, arena->no_arguments, NULL);
  if (!node) return NULL;
  Py_DECREF(node->label);
  Py_INCREF(no_label);
  node->number = number, node->db = 1.0, node->label = no_label, node->serial = ++arena->serial;
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
  if (near) { /* a freed node is harmless */
    Node *soon = (Node *)(near->nodes + (size_t)(bit < NEAR ? bit + SLOTS - NEAR : bit - NEAR) * STRIDE);
    fetch_operand(soon->a);
    fetch_operand(soon->b);
  }
#endif
  return (PyObject *)node;
}

static Arena nodes; /* of the module that installs it; others get a pointer */

/* Free a node, and all that only it kept alive, newest first, without recursion. */
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

/* Take the type of new nodes from a Value whose __init__ has not run. */
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
