// StopText: the text of a reply that comes token by token, up to the first of the texts that end
// it. What may be the beginning of such a text is held back.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ponder/session/text_model.h"

namespace ponder {

class StopText {
 public:
  /// stops: not empty texts.
  StopText(std::shared_ptr<const TextModel> t, std::vector<std::string> stops)
      : stream_(std::move(t)), stops_(std::move(stops)) {}
  /// The text that the token makes certain; may be none.
  std::string add(Token v) { return take(stream_.add(v)); }
  /// What was held back, where no stop text came.
  std::string rest() { return stopped_ ? "" : take(stream_.rest()) + std::move(held_); }
  bool stopped() const { return stopped_; }

 private:
  std::string take(const std::string& more);

  TextStream stream_;
  std::vector<std::string> stops_;
  std::string held_;
  bool stopped_ = false;
};

}  // namespace ponder
