#include "auction/ties/ties.h"

namespace ets::auction {

// Korea (KRX auction of paid allowances), Guangdong, Shanghai.
const TieRule kTimePriority = {
    .name = "time",
    .description = "the earlier bid first; the last bid reached is filled in part",
    .order = &OrderOfEntry,
    .share = &ShareInOrder,
};

}  // namespace ets::auction
