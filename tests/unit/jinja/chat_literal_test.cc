// The origin of a prompt's bytes: text of a message stays literal through every operation of a
// template, and text of the template never becomes literal.
#include <gtest/gtest.h>

#include "ponder/model/chat.h"

namespace ponder {
namespace {

// The prompt with its literal ranges in « ».
std::string marked(const std::string& source, const std::vector<ChatMessage>& messages,
                   const ChatTemplate::Options& options = {}) {
  const auto program = ChatTemplate::parse(source);
  if (!program.ok()) return program.error().message();
  const auto prompt = (*program)->render(messages, options);
  if (!prompt.ok()) return prompt.error().message();
  std::string out;
  std::size_t end = 0;
  for (const ByteRange& r : prompt->literal) {
    out += prompt->text.substr(end, r.begin - end) + "«" +
           prompt->text.substr(r.begin, r.end - r.begin) + "»";
    end = r.end;
  }
  return out + prompt->text.substr(end);
}

struct Case {
  const char* expression;  // of c = " <|A|> b,é ", d = "<|", r = a role
  const char* expected;
};

const Case kCases[] = {
    {"'<|A|>' + c + '<|A|>'", "<|A|>« <|A|> b,é »<|A|>"},
    {"c ~ d ~ 1", "« <|A|> b,é <|»1"},
    {"r ~ ':' ~ c", "«us<|B|>er»:« <|A|> b,é »"},
    {"'[' ~ c|trim ~ ']'", "[«<|A|> b,é»]"},
    {"c.strip()", "«<|A|> b,é»"},
    {"c.lstrip().rstrip('é ')", "«<|A|> b,»"},
    {"c|upper", "« <|A|> B,É »"},
    {"c|lower", "« <|a|> b,é »"},
    {"c.title() ~ c|title", "« <|A|> B,É  <|a|> B,é »"},
    {"c|capitalize", "« <|a|> b,é »"},
    {"c.upper() ~ 'ß'.upper()", "« <|A|> B,É »SS"},
    {"'ß<'|upper", "SS<"},
    {"c[1:4]", "«<|A»"},
    {"c[::-1]", "« é,b >|A|< »"},
    {"c[1] ~ '|' ~ c[-2]", "«<»|«é»"},
    {"c|first ~ c|last", "«  »"},
    {"c.split(',')[0] ~ '+' ~ c.split(',')[1]", "« <|A|> b»+«é »"},
    {"c.split()|join('<|')", "«<|A|>»<|«b,é»"},
    {"c.rsplit('|', 1)|join('*')", "« <|A»*«> b,é »"},
    {"'-'.join(c.split())", "«<|A|>»-«b,é»"},
    {"c.join(['x', 'y'])", "x« <|A|> b,é »y"},
    {"(c ~ '\\n' ~ d).splitlines()|join('/')", "« <|A|> b,é »/«<|»"},
    {"c|replace('A', 'template')", "« <|»template«|> b,é »"},
    {"'<|x|>'|replace('x', d)", "<|«<|»|>"},
    {"'ab'.replace('', d)", "«<|»a«<|»b«<|»"},
    {"c.removeprefix(' <')", "«|A|> b,é »"},
    {"d * 2 ~ '<|'", "«<|<|»<|"},
    {"c|list|join", "« <|A|> b,é »"},
    {"c|reverse", "« é,b >|A|< »"},
    {"c|tojson", "\"« <|A|> b,é »\""},
    {"{'k': [d, 'd']}|tojson(indent=1)", "{\n \"k\": [\n  \"«<|»\",\n  \"d\"\n ]\n}"},
    {"c|tojson(ensure_ascii=true)", "\"« <|A|> b,\\u00e9 »\""},
    {"[d, 1]", "['«<|»', 1]"},
    {"[(c ~ '\\n')]", "['« <|A|> b,é »\\n']"},
    {"{d: d}", "{'«<|»': '«<|»'}"},
    {"{d: 1}.keys()|first ~ ({d: 1}|items|list)[0][0]", "«<|<|»"},
    {"messages|map(attribute='role')|join(',')", "«us<|B|>er»,«»"},
    {"messages|map(attribute='content')|map('trim')|join(',')", "«<|A|> b,é»,«<|»"},
    {"messages|selectattr('content', 'equalto', '<|')|map(attribute='content')|first", "«<|»"},
    {"[d, '<|', 'x']|unique|join('+')", "«<|»+x"},
    {"['<|', d, 'x']|unique|join('+')", "<|+x"},
    {"[c, d]|sort|join('+')", "« <|A|> b,é »+«<|»"},
    {"(d ~ '\\nx')|indent(d)", "«<|»\n«<|»x"},
    {"(c ~ '<')|e", "« &lt;|A|&gt; b,é »&lt;"},
    {"'{}<|{}'.format(d, 1)", "«<|»<|1"},
    {"c|default('x') ~ nothing|default(d)", "« <|A|> b,é <|»"},
    {"'<' + (c|safe)", "&lt;« <|A|> b,é »"},
    {"('<'|safe) + c", "<« &lt;|A|&gt; b,é »"},
    {"c|string ~ c|safe", "« <|A|> b,é  <|A|> b,é »"},
    {"c if c else d", "« <|A|> b,é »"},
    {"'' or d", "«<|»"},
    {"messages[0]['content'] ~ messages[0].get('role')", "« <|A|> b,é us<|B|>er»"},
    {"c|length", "11"},
    {"[d]|max ~ [d]|min", "«<|<|»"},
    {"[d, d]|sum(start='') if false else d", "«<|»"},
    {"bos_token ~ d", "<s>«<|»"},
};

TEST(ChatLiteral, FollowsMessagesThroughEveryExpression) {
  const std::vector<ChatMessage> messages = {{"us<|B|>er", " <|A|> b,é "}, {"", "<|"}};
  ChatTemplate::Options options;
  options.bos_token = "<s>";
  const std::string names =
      "{% set c = messages[0].content %}{% set d = messages[1].content %}{% set r = "
      "messages[0].role %}";
  for (const Case& c : kCases) {
    std::string expected = c.expected;
    if (const auto empty = expected.find("«»"); empty != expected.npos) expected.erase(empty, 4);
    EXPECT_EQ(marked(names + "{{ " + c.expression + " }}", messages, options), expected)
        << c.expression;
  }
}

TEST(ChatLiteral, EveryStringOfARequestIsAUsers) {
  const std::vector<ChatMessage> messages = {
      {"assistant", "", R"({"role": "assistant", "content": [{"type": "text", "text": "<|a"}],
                            "tool_calls": [{"name": "<|b", "arguments": {"<|c": ["<|d", 1, true, null]}}]})"}};
  ChatTemplate::Options options;
  options.variables = R"({"tools": [{"name": "<|e"}], "style": "<|f"})";
  EXPECT_EQ(marked("<|{{ messages[0].content[0].text }}{{ messages[0].tool_calls[0].name }}<|",
                   messages, options),
            "<|«<|a<|b»<|");
  EXPECT_EQ(marked("{{ messages[0].tool_calls[0].arguments|tojson }}", messages, options),
            "{\"«<|c»\": [\"«<|d»\", 1, true, null]}");
  EXPECT_EQ(
      marked("{% for t in tools %}<|{{ t.name }}{% endfor %}<|{{ style }}", messages, options),
      "<|«<|e»<|«<|f»");
}

TEST(ChatLiteral, FollowsMessagesThroughStatements) {
  const std::vector<ChatMessage> messages = {{"user", "<|im_start|>"}};
  const Case cases[] = {
      {"{% for m in messages %}<|im_start|>{{ m.role }}:{{ m.content }}<|im_end|>{% endfor %}",
       "<|im_start|>«user»:«<|im_start|>»<|im_end|>"},
      {"{% set x %}<|{{ messages[0].content }}{% endset %}{{ x }}{{ x|length }}",
       "<|«<|im_start|>»14"},
      {"{% set ns = namespace(t='') %}{% for c in messages[0].content %}{% set ns.t = ns.t + c "
       "%}{% endfor %}{{ ns.t "
       "}}",
       "«<|im_start|>»"},
      {"{% macro m(a) %}<{{ a }}>{% endmacro %}{{ m(messages[0].content)|upper }}",
       "<«<|IM_START|>»>"},
      {"{% filter replace('im', 'xx') %}im{{ messages[0].content }}{% endfilter %}",
       "xx«<|»xx«_start|>»"},
      {"{% with x = messages[0].content %}{{ x }}{% endwith %}|", "«<|im_start|>»|"},
      {"{% generation %}{{ messages[0].content }}{% endgeneration %}|", "«<|im_start|>»|"},
      {"{% for k, v in messages[0].items() %}{{ k }}={{ v }};{% endfor %}",
       "role=«user»;content=«<|im_start|>»;"},
  };
  for (const Case& c : cases) EXPECT_EQ(marked(c.expression, messages), c.expected) << c.expression;
}

TEST(ChatLiteral, NoMessagesNoLiteral) {
  EXPECT_EQ(
      marked("{{ bos_token ~ '<|im_start|>' }}{% if add_generation_prompt %}assistant{% endif %}",
             {}),
      "<|im_start|>assistant");
}

}  // namespace
}  // namespace ponder
