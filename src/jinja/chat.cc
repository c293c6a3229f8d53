// ChatTemplate over the Jinja interpreter of src/jinja: sets the variables that chat templates
// know, runs the program, and turns its failures into errors. Exceptions of the interpreter are
// caught only here.
#include "ponder/model/chat.h"

#include <new>

#include "jinja/interpreter.h"
#include "jinja/parser.h"

namespace ponder {
namespace {

using jinja::Value;

Error error_of(const jinja::Failure& f, int line) {
  return {f.code, f.expected, f.got, "chat template, line " + std::to_string(line),
          "use --chat-template to give another template"};
}

Error out_of_memory() {
  return {Code::kResource, "memory for the chat template", "none left", "chat template",
          "use --chat-template to give another template"};
}

Value text_value(const std::string& s, bool from_user) {
  auto t = std::make_shared<jinja::Text>();
  t->append(s, from_user);
  return {jinja::Str(std::move(t))};
}

Value message_value(jinja::Interpreter& in, const ChatMessage& m) {
  if (!m.json.empty()) return jinja::from_json_object(in, m.json, "a message");
  auto d = std::make_shared<jinja::Dict>();
  d->items.emplace_back(text_value("role", false), text_value(m.role, true));
  d->items.emplace_back(text_value("content", false), text_value(m.content, true));
  return {jinja::DictPtr(std::move(d))};
}

class JinjaTemplate : public ChatTemplate {
 public:
  JinjaTemplate(jinja::Body program, const TemplateLimits& limits)
      : program_(std::move(program)), limits_(limits) {}

  Result<RenderedPrompt> render(const std::vector<ChatMessage>& messages,
                                const Options& options) const override {
    jinja::Interpreter in(limits_, options.date);
    try {
      std::vector<Value> list;
      for (const ChatMessage& m : messages) list.push_back(message_value(in, m));
      in.set_global("messages", in.make_list(std::move(list)));
      in.set_global("add_generation_prompt", {options.add_generation_prompt});
      in.set_global("bos_token", text_value(options.bos_token, false));
      in.set_global("eos_token", text_value(options.eos_token, false));
      in.set_global("tools", {jinja::None{}});
      in.set_global("documents", {jinja::None{}});
      if (!options.unk_token.empty())
        in.set_global("unk_token", text_value(options.unk_token, false));
      if (!options.pad_token.empty())
        in.set_global("pad_token", text_value(options.pad_token, false));
      const Value further = jinja::from_json_object(in, options.variables, "variables");
      for (const auto& [name, value] : further.dict()->items)
        in.set_global(name.text()->bytes, value);
      jinja::Text out = in.run(program_);
      return RenderedPrompt{std::move(out.bytes), std::move(out.user)};
    } catch (const jinja::Failure& f) {
      return error_of(f, f.line > 0 ? f.line : in.line());
    } catch (const std::bad_alloc&) {
      return out_of_memory();
    }
  }

 private:
  const jinja::Body program_;
  const TemplateLimits limits_;
};

}  // namespace

Result<std::shared_ptr<const ChatTemplate>> ChatTemplate::parse(std::string_view source,
                                                                const TemplateLimits& limits) {
  try {
    return std::shared_ptr<const ChatTemplate>(
        std::make_shared<JinjaTemplate>(jinja::parse(source, limits), limits));
  } catch (const jinja::Failure& f) {
    return error_of(f, f.line > 0 ? f.line : 1);
  } catch (const std::bad_alloc&) {
    return out_of_memory();
  }
}

}  // namespace ponder
