#include "auction/ties/ties.h"

namespace ets::auction {

// EU: Del. Reg. (EU) 2023/2830 Art. 7; UK: SI 2021/484 Reg. 6.
const TieRule kRandomOrder = {
    .name = "random",
    .description =
        "a permutation of the bids by a seed committed before the close; the last bid "
        "reached is filled in part",
    .order = &DrawnOrder,
    .share = &ShareInOrder,
};

}  // namespace ets::auction
