// Operations on any value: its text, its items, equality and order, attributes and items by key,
// and the creation of new values, each of which is charged to the budget.
#include <utf8proc.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "jinja/interpreter.h"
#include "jinja/unicode.h"

namespace ponder::jinja {

Value Interpreter::make_text(Text t) {
  constexpr std::size_t kOverhead = 64;
  budget_.make(kOverhead + t.bytes.size() + t.user.size() * sizeof(ByteRange));
  return {Str(std::make_shared<const Text>(std::move(t)))};
}

Value Interpreter::make_list(std::vector<Value> items, List::Kind kind) {
  budget_.make(items.size() * sizeof(Value));
  budget_.work(0, items.size());
  int depth = 0;
  for (const Value& v : items) depth = std::max(depth, depth_of(v));
  budget_.check_depth(depth + 1);
  return {ListPtr(std::make_shared<const List>(List{kind, std::move(items), depth + 1}))};
}

Value Interpreter::make_dict(std::vector<std::pair<Value, Value>> items) {
  Dict d;
  budget_.make(items.size() * sizeof(items[0]));
  for (auto& entry : items) {
    const Value& key = entry.first;
    if (!key.text() && !key.none() && !is_number(key))
      fail("a key that is a string or number", std::string(type_name(key)));
    d.depth = std::max(d.depth, depth_of(entry.second) + 1);
    const auto same = std::find_if(d.items.begin(), d.items.end(),
                                   [&](const auto& p) { return equals(p.first, key); });
    if (same != d.items.end()) {
      same->second = std::move(entry.second);
    } else {
      d.items.push_back(std::move(entry));
    }
  }
  budget_.check_depth(d.depth);
  return {DictPtr(std::make_shared<const Dict>(std::move(d)))};
}

void Interpreter::write(const Text& t, Text& out) {
  budget_.make(t.bytes.size() + t.user.size() * sizeof(ByteRange));
  out.append(t);
}

namespace {

// Python's str.isprintable() for a character outside ASCII.
bool is_printable(std::uint32_t c) {
  if (c > 0x10ffff) return true;  // a stray byte, which Python's strings do not have
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return category != UTF8PROC_CATEGORY_CN &&
         category < UTF8PROC_CATEGORY_ZS;  // separators and controls come last
}

// Python's escape of a character in a string literal; empty for a character that needs none.
std::string escaped(std::uint32_t c, char quote) {
  if (c == '\\' || c == static_cast<unsigned char>(quote)) return {'\\', static_cast<char>(c)};
  if (c == '\n' || c == '\r' || c == '\t') return c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
  if ((c >= 32 && c < 127) || (c > 127 && is_printable(c))) return {};
  char out[12];
  std::snprintf(out, sizeof out, c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
  return out;
}

// 'text' as Python writes it in a list. Escapes keep the origin of the escaped character.
Text quoted(const Text& t) {
  const bool double_quotes =
      t.bytes.find('\'') != std::string::npos && t.bytes.find('"') == std::string::npos;
  const char quote = double_quotes ? '"' : '\'';
  Text out;
  if (t.safe) out.append("Markup(");
  out.append({&quote, 1});
  for (std::size_t i = 0; i < t.bytes.size();) {
    const Character c = character_at(t.bytes, i);
    if (const std::string escape = escaped(c.code, quote); !escape.empty()) {
      out.append(escape, t.from_user(i));
    } else {
      out.append(t, i, i + c.length);
    }
    i += c.length;
  }
  out.append({&quote, 1});
  if (t.safe) out.append(")");
  return out;
}

}  // namespace

Text Interpreter::to_text(const Value& v, bool repr) {
  const Budget::Level level(budget_);
  budget_.work();
  if (const Text* t = v.text()) return repr ? quoted(*t) : *t;
  if (v.undefined()) return plain(repr ? "Undefined" : "");
  if (v.none()) return plain("None");
  if (const bool* b = v.as<bool>()) return plain(*b ? "True" : "False");
  if (const auto* i = v.as<std::int64_t>()) return plain(std::to_string(*i));
  if (const double* x = v.as<double>()) return plain(float_text(*x));
  Text out;
  if (const List* l = v.list(); l && l->kind != List::kLazy) {
    const bool tuple = l->kind == List::kTuple;
    out.append(tuple ? "(" : "[");
    for (std::size_t i = 0; i < l->items.size(); ++i) {
      if (i) out.append(", ");
      write(to_text(l->items[i], true), out);
    }
    out.append(tuple ? l->items.size() == 1 ? ",)" : ")" : "]");
  } else if (const Dict* d = v.dict()) {
    out.append("{");
    for (const auto& [key, value] : d->items) {
      if (out.bytes.size() > 1) out.append(", ");
      write(to_text(key, true), out);
      out.append(": ");
      write(to_text(value, true), out);
    }
    out.append("}");
  } else {
    fail("a value that can be printed", std::string(type_name(v)));
  }
  return out;
}

std::vector<Value> Interpreter::items_of(const Value& v) {
  std::vector<Value> items;
  if (const List* l = v.list()) {
    budget_.make(l->items.size() * sizeof(Value));
    budget_.work(0, l->items.size());
    items = l->items;
  } else if (const Dict* d = v.dict()) {
    budget_.work(0, d->items.size());
    for (const auto& [key, value] : d->items) items.push_back(key);
  } else if (const Text* t = v.text()) {
    for (std::size_t i = 0, n = 0; i < t->bytes.size(); i += n) {
      n = character_at(t->bytes, i).length;
      Text c;
      c.append(*t, i, i + n);
      budget_.work();
      items.push_back(make_text(std::move(c)));
    }
  } else if (!v.undefined()) {
    fail("a list, dict or string to go through", std::string(type_name(v)));
  }
  return items;
}

bool Interpreter::equals(const Value& a, const Value& b) {
  const Budget::Level level(budget_);
  budget_.work();
  double x = 0, y = 0;
  if (is_number(a, &x) && is_number(b, &y)) {
    std::int64_t i = 0, j = 0;
    return is_int(a, &i) && is_int(b, &j) ? i == j : x == y;
  }
  if (a.v.index() != b.v.index()) return false;
  if (const Text* s = a.text(), *t = b.text(); s) {
    if (s->bytes.size() != t->bytes.size()) return false;
    budget_.work(s->bytes.size());
    return s->bytes == t->bytes;
  }
  if (const List* l = a.list(), *m = b.list(); l) {
    if (l->kind != m->kind || l->items.size() != m->items.size()) return false;
    if (l->kind == List::kLazy) return l == m;
    return std::equal(l->items.begin(), l->items.end(), m->items.begin(),
                      [&](const Value& s, const Value& t) { return equals(s, t); });
  }
  if (const Dict* d = a.dict(), *e = b.dict(); d) {
    if (d->items.size() != e->items.size()) return false;
    return std::all_of(d->items.begin(), d->items.end(), [&](const auto& p) {
      return std::any_of(e->items.begin(), e->items.end(), [&](const auto& q) {
        return equals(p.first, q.first) && equals(p.second, q.second);
      });
    });
  }
  if (const auto* loop = a.as<std::shared_ptr<Loop>>())
    return *loop == *b.as<std::shared_ptr<Loop>>();
  if (const auto* n = a.as<Namespace*>()) return *n == *b.as<Namespace*>();
  if (const auto* f = a.as<std::shared_ptr<const Callable>>()) {
    const Callable &g = **f, &h = **b.as<std::shared_ptr<const Callable>>();
    return g.kind == h.kind && g.name == h.name && g.macro == h.macro && g.scope == h.scope &&
           g.self == h.self;
  }
  return true;  // undefined, none
}

bool Interpreter::less(const Value& a, const Value& b) {
  const Budget::Level level(budget_);
  require_defined(a);
  require_defined(b);
  budget_.work();
  std::int64_t i = 0, j = 0;
  double x = 0, y = 0;
  if (is_int(a, &i) && is_int(b, &j)) return i < j;
  if (is_number(a, &x) && is_number(b, &y)) return x < y;
  if (const Text* s = a.text(), *t = b.text(); s && t) {
    budget_.work(std::min(s->bytes.size(), t->bytes.size()));
    return s->bytes < t->bytes;  // the order of UTF-8 bytes is that of code points
  }
  const List *l = a.list(), *m = b.list();
  if (!l || !m || l->kind != m->kind || l->kind == List::kLazy) {
    fail("values with an order", std::string(type_name(a)) + " and " + std::string(type_name(b)));
  }
  for (std::size_t k = 0; k < l->items.size() && k < m->items.size(); ++k) {
    if (!equals(l->items[k], m->items[k])) return less(l->items[k], m->items[k]);
  }
  return l->items.size() < m->items.size();
}

bool Interpreter::contains(const Value& container, const Value& item) {
  if (const Text* t = container.text()) {
    require_defined(item);
    const Text* part = item.text();
    if (!part) fail("a string to look for in a string", std::string(type_name(item)));
    budget_.work(t->bytes.size() + part->bytes.size());
    return memmem(t->bytes.data(), t->bytes.size(), part->bytes.data(), part->bytes.size()) !=
           nullptr;
  }
  const auto is_it = [&](const Value& v) { return equals(v, item); };
  if (const List* l = container.list()) return std::any_of(l->items.begin(), l->items.end(), is_it);
  if (const Dict* d = container.dict()) {
    return std::any_of(d->items.begin(), d->items.end(),
                       [&](const auto& p) { return is_it(p.first); });
  }
  if (!container.undefined())
    fail("a string, list or dict behind 'in'", std::string(type_name(container)));
  return false;
}

}  // namespace ponder::jinja
