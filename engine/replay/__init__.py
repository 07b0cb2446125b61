"""Record once, replay on batches: a function of Values as a linear program over the table's operations.

It offers `record`, Recording and `load_recording`, and to exports the Program and its passes.

Read `record` first: it names every stage in order. Then `program` (and its `listing`), `trace`, `reverse` (with
`lowering`; and `second`, `forward`), `passes`, which lists the passes (with `constant_folding` and `fusion`),
`schedule`, and the two executors, `numpy_executor` and `native`. `batch` (what a batch may be) and `saved`
(recordings in files) stand apart.
"""

# fmt: off
from ..structure import new_ints
from .constant_folding import fold_constants
from .fusion import fuse
from .passes import columns, cse, dce, hoist
from .program import Program, sum_of_products
from .record import Recording, record
from .reverse import Fragment, differentiate
from .saved import load_recording

__all__ = [
    "Fragment", "Program", "Recording", "columns", "cse", "dce", "differentiate", "fold_constants", "fuse",
    "hoist", "load_recording", "new_ints", "record", "sum_of_products",
]
