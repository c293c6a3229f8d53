// The table is made once, from the functions of gumbel.h.
#include "base/gumbel_table.h"

namespace ponder {

GumbelTable::GumbelTable()
    : gumbel_(
          -8, 8, [](double eps) { return ponder::gumbel_of_normal(eps); }, gumbel_slope),
      normal_(
          -3.5, 30, [](double g) { return ponder::normal_of_gumbel(g); },
          [](double g) { return 1 / gumbel_slope(ponder::normal_of_gumbel(g)); }) {}

const GumbelTable& GumbelTable::get() {
  static const GumbelTable table;
  return table;
}

}  // namespace ponder
