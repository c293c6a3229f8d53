// The first of a few labels that a reply names: options by letter or text, yes and no.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ponder/answer/map.h"

namespace ponder {

struct Label {
  std::string answer{};              // what the map returns
  std::string shown{};               // what people read; "": the answer
  std::string letter{};              // a letter or digit that stands alone; "": none
  std::vector<std::string> words{};  // as words_of gives them; empty: none
};
/// `name`: as parse_answer_map reads it.
std::shared_ptr<const PrefixMap> make_label_map(std::string name, std::vector<Label>);

}  // namespace ponder
