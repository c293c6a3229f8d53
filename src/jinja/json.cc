// tojson as in transformers' chat templates: Python's json.dumps(x, ensure_ascii=False), with its
// indent and separators.
#include <algorithm>
#include <cmath>
#include <optional>

#include "jinja/filters.h"
#include "jinja/unicode.h"

namespace ponder::jinja {
namespace {

class JsonWriter {
 public:
  JsonWriter(Interpreter& in, bool ascii, bool sorted) : in_(in), ascii_(ascii), sorted_(sorted) {}

  std::optional<Text> indent;
  Text item_separator, key_separator;

  Text take() { return std::move(out_); }

  void write(const Value& v) {
    const Budget::Level level(in_.budget());
    in_.budget().work();
    if (const Text* t = v.text()) {
      string(*t);
    } else if (const List* l = v.list(); l && l->kind != List::kLazy) {
      list(*l);
    } else if (const Dict* d = v.dict()) {
      dict(*d);
    } else {
      put(scalar(v));
    }
  }

 private:
  std::string scalar(const Value& v) {
    require_defined(v);
    if (v.none()) return "null";
    if (const bool* b = v.as<bool>()) return *b ? "true" : "false";
    const double* x = v.as<double>();
    if (x && std::isnan(*x)) return "NaN";
    if (x && std::isinf(*x)) return *x < 0 ? "-Infinity" : "Infinity";
    if (!x && !v.as<std::int64_t>()) fail("a value that JSON can hold", std::string(type_name(v)));
    return in_.to_text(v).bytes;
  }

  void list(const List& l) {
    if (l.items.empty()) return put("[]");
    put("[");
    ++level_;
    for (std::size_t i = 0; i < l.items.size(); ++i) {
      if (i) put(item_separator);
      new_line();
      write(l.items[i]);
    }
    --level_;
    new_line();
    put("]");
  }

  void dict(const Dict& d) {
    if (d.items.empty()) return put("{}");
    std::vector<const std::pair<Value, Value>*> items;
    for (const auto& p : d.items) items.push_back(&p);
    if (sorted_) {
      std::stable_sort(items.begin(), items.end(),
                       [&](auto* a, auto* b) { return in_.less(a->first, b->first); });
    }
    put("{");
    ++level_;
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i) put(item_separator);
      new_line();
      const Value& key = items[i]->first;
      string(key.text() ? *key.text() : Interpreter::plain(scalar(key)));
      put(key_separator);
      write(items[i]->second);
    }
    --level_;
    new_line();
    put("}");
  }

  void string(const Text& t) {
    put("\"");
    const std::string& s = t.bytes;
    in_.budget().make(s.size() + t.user.size() * sizeof(ByteRange));
    std::size_t plain = 0;  // copied up to here
    for (std::size_t i = 0; i < s.size();) {
      const Character c = character_at(s, i);
      if (const std::string escape = escaped(c.code); !escape.empty()) {
        out_.append(t, plain, i);
        in_.budget().make(escape.size());
        out_.append(escape, t.from_user(i));
        plain = i + c.length;
      }
      i += c.length;
    }
    out_.append(t, plain, s.size());
    put("\"");
  }

  // The escape of a character; empty for a character that needs none.
  std::string escaped(std::uint32_t c) const {
    static constexpr std::string_view kBytes = "\"\\\n\r\t\b\f", kLetters = "\"\\nrtbf";
    if (c < 128) {
      if (const std::size_t k = kBytes.find(static_cast<char>(c)); k != kBytes.npos)
        return {'\\', kLetters[k]};
    }
    if (c < 32) return unit(c);
    if (!ascii_ || c < 127 || c > 0x10ffff) return {};
    if (c < 0x10000) return unit(c);
    return unit(0xd800 + ((c - 0x10000) >> 10)) + unit(0xdc00 + ((c - 0x10000) & 0x3ff));
  }

  static std::string unit(std::uint32_t c) {
    static constexpr char kHex[] = "0123456789abcdef";
    return {'\\', 'u', kHex[c >> 12 & 15], kHex[c >> 8 & 15], kHex[c >> 4 & 15], kHex[c & 15]};
  }

  void new_line() {
    if (!indent) return;
    put("\n");
    for (int i = 0; i < level_; ++i) put(*indent);
  }

  void put(std::string_view s) {
    in_.budget().make(s.size());
    out_.append(s);
  }
  void put(const Text& t) {
    in_.budget().make(t.bytes.size() + t.user.size() * sizeof(ByteRange));
    out_.append(t);
  }

  Interpreter& in_;
  const bool ascii_, sorted_;
  int level_ = 0;
  Text out_;
};

}  // namespace

Value to_json(Interpreter& in, const Value& v, const CallArgs& args) {
  const auto [ascii, indent, separators, sorted] =
      bind<4>(args, {"ensure_ascii", "indent", "separators", "sort_keys"}, "tojson");
  JsonWriter writer(in, ascii && truthy(*ascii), sorted && truthy(*sorted));
  if (indent && !indent->none()) {
    if (const Text* t = indent->text()) {
      writer.indent = *t;
    } else {
      const std::int64_t n = int_argument(indent, 0, "tojson");
      in.budget().make(static_cast<std::size_t>(std::max<std::int64_t>(n, 0)));
      writer.indent = Interpreter::plain(
          std::string(static_cast<std::size_t>(std::max<std::int64_t>(n, 0)), ' '));
    }
  }
  writer.item_separator = Interpreter::plain(writer.indent ? "," : ", ");
  writer.key_separator = Interpreter::plain(": ");
  if (separators && !separators->none()) {
    const std::vector<Value> both = in.items_of(*separators);
    if (both.size() != 2) fail("two separators for tojson", std::to_string(both.size()));
    writer.item_separator = text_argument(&both[0], {}, "tojson");
    writer.key_separator = text_argument(&both[1], {}, "tojson");
  }
  writer.write(v);
  return in.make_text(writer.take());
}

}  // namespace ponder::jinja
