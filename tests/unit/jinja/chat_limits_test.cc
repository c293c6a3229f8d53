// Untrusted templates: each of these must end quickly and within its memory, with an error that
// says why.
#include <gtest/gtest.h>
#include <pthread.h>

#include <ctime>
#include <thread>

#include "ponder/model/chat.h"

namespace ponder {
namespace {

// processor time; an optimised build needs at most 0.3, sanitizers are slow
constexpr double kSeconds = 5;

Error error_of(const std::string& source, const TemplateLimits& limits = {},
               std::size_t content_bytes = 10) {
  const auto program = ChatTemplate::parse(source, limits);
  if (!program.ok()) return program.error();
  const auto prompt = (*program)->render({{"user", std::string(content_bytes, 'a')}}, {});
  return prompt.ok() ? Error{Code::kInvalid, "nothing", "no error", "", ""} : prompt.error();
}

std::string repeated(const std::string& s, int n) {
  std::string out;
  for (int i = 0; i < n; ++i) out += s;
  return out;
}

void expect_resource(const std::string& source, std::size_t content_bytes = 10) {
  const std::clock_t start = std::clock();  // not wall-clock time: the machine may be busy
  const Error e = error_of(source, {}, content_bytes);
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  EXPECT_EQ(e.code, Code::kResource) << source.substr(0, 80) << "\n" << e.message();
  EXPECT_LT(seconds, kSeconds) << source.substr(0, 80);
}

TEST(ChatLimits, DeepSourceIsAnError) {
  const int n = 200'000;
  const std::pair<const char*, const char*> nested[] = {
      {"(", ")"},         {"[", "]"},           {"{1:", "}"},    {"f(", ")"}, {"x[", "]"},
      {"a|f(", ")"},      {"1 if (", ")"},      {"not ", ""},    {"-", ""},   {"+", ""},
      {"1 and not ", ""}, {"1 if 1 else ", ""}, {"a is b(", ")"}};
  for (const auto& [open, close] : nested)
    expect_resource("{{ " + repeated(open, n) + "1" + repeated(close, n) + " }}");
  for (const auto& [open, close] : nested) {  // not closed
    EXPECT_NE(error_of("{{ " + repeated(open, n)).got, "no error");
    EXPECT_NE(error_of("{{ " + repeated(open, n) + " }}").got, "no error");
  }
  for (const char* open : {"{% if 1 %}", "{% for x in y %}", "{% set x %}", "{% macro m() %}",
                           "{% with %}", "{% filter trim %}", "{% generation %}"}) {
    expect_resource(repeated(open, 50'000));
  }
  expect_resource("{% set " + repeated("(", n) + "a" + repeated(")", n) + " = 1 %}");
  expect_resource("{{ " + repeated("[", 101) + repeated("]", 101) + " }}");
}

TEST(ChatLimits, LongFlatSourceIsNot) {
  const int n = 50'000;
  for (const auto& [first, next] :
       std::vector<std::pair<std::string, std::string>>{{"1", " + 1"},
                                                        {"1", " ~ 1"},
                                                        {"1", " and 1"},
                                                        {"1", " or 1"},
                                                        {"1", " == 1"},
                                                        {"messages", "[0:]"},
                                                        {"'a'", "|trim"},
                                                        {"'a'", ".strip()"},
                                                        {"[1", ", 1"}}) {
    const std::string source =
        "{{ (" + first + repeated(next, n) + (first[0] == '[' ? "]" : "") + ")|length if 0 }}";
    EXPECT_EQ(error_of(source).got, "no error") << next;
  }
  EXPECT_EQ(error_of("{% if 0 %}" + repeated("{% elif 0 %}", n) + "{% endif %}").got, "no error");
  const Error e = error_of("{{ a" + repeated(".a", n) + " }}");
  EXPECT_EQ(e.got, "'a' is undefined");
}

TEST(ChatLimits, EndlessWorkIsAnError) {
  expect_resource("{{ range(1000000000000)|list }}");
  expect_resource("{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}");
  expect_resource("{% for i in range(99999) %}{{ range(99999)|length }}{% endfor %}");
  expect_resource("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}");
  expect_resource(
      "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}");
  expect_resource(
      "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(20) }}");
  expect_resource("{% for i in range(99999) %}{{ range(i)|sort }}{% endfor %}");
  expect_resource("{{ range(50000)|unique|list }}");
  expect_resource(
      "{% set ns = namespace(l=[]) %}{% for i in range(99999) %}{% set ns.l = ns.l + [i] %}{% "
      "endfor %}");
  expect_resource("{% for i in range(99999) %}{{ 'b' in messages[0].content }}{% endfor %}",
                  1 << 20);
  expect_resource(
      "{% for i in range(99999) %}{{ messages[0].content == messages[0].content ~ '' }}{% endfor "
      "%}",
      1 << 20);
  expect_resource("{% for i in range(99999) %}{{ messages[0].content[99:98] }}{% endfor %}",
                  1 << 20);
  expect_resource("{% for i in range(99999) %}{{ messages[0].content[99999] }}{% endfor %}",
                  1 << 20);
  expect_resource("{% for i in range(99999) %}{{ messages[0].content|length }}{% endfor %}",
                  1 << 20);
}

TEST(ChatLimits, HugeValuesAreAnError) {
  for (const char* e : {"'a' * 1000000000000",
                        "1000000000000 * 'a'",
                        "[1] * 1000000000000",
                        "[1, 2] * 9223372036854775807",
                        "'ab' * 9223372036854775807",
                        "'a\\nb'|indent(1000000000000)",
                        "[1]|tojson(indent=1000000000000)",
                        "'a'|indent(9223372036854775807, true)",
                        "('a' * 10000)|replace('a', 'b' * 10000)",
                        "('a' * 99999).split('a')|join('b' * 9999)",
                        "('b' * 99999).join('a' * 99999)",
                        "('a\\n' * 99999)|indent(99999)",
                        "('a' * 9999999)|list",

                        "('{0}' * 9999).format('b' * 99999)",
                        "('a' * 50000000) ~ ('a' * 50000000)",
                        "['a' * 9999999] * 99",
                        "(['a' * 9999999] * 99)|join",
                        "[[1] * 9999] * 9999",
                        "(([[1] * 9999] * 9999))|tojson",
                        "messages * 99999999"}) {
    expect_resource(std::string("{{ ") + e + " if true else '' }}");
  }
  expect_resource(
      "{% set ns = namespace(s='ab') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% "
      "endfor %}{{ ns.s }}");
  expect_resource(
      "{% set ns = namespace(s=[1]) %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% "
      "endfor %}");
  expect_resource(
      "{% set ns = namespace(s=[1]) %}{% for i in range(90) %}{% set ns.s = [ns.s, ns.s] %}{% "
      "endfor %}{{ ns.s }}");
  expect_resource("{% for i in range(99999) %}" + std::string(10'000, 'x') + "{% endfor %}");
  EXPECT_EQ(error_of(std::string((1 << 20) + 1, 'x')).code, Code::kResource);
}

TEST(ChatLimits, DeepValuesAreAnError) {
  for (const char* deeper :
       {"[ns.x]", "{'a': ns.x}", "{ns.x: 1}", "(ns.x,)", "[[ns.x].index]", "[{'a': ns.x}.get]"}) {
    const std::string set = std::string("{% set ns.x = ") + deeper + " %}";
    const Error e = error_of("{% set ns = namespace(x=[1]) %}{% for i in range(90000) %}" + set +
                             "{% endfor %}");
    EXPECT_NE(e.got, "no error") << deeper;
  }
  expect_resource(
      "{% set ns = namespace(x=[1]) %}{% for i in range(90000) %}{% for a in [ns.x] %}{% set ns.x "
      "= loop %}"
      "{% endfor %}{% endfor %}");
  expect_resource(
      "{% set ns = namespace() %}{% set ns.l = [ns] %}{{ ns.l == [ns] }}{% macro m(x) %}{{ m([x]) "
      "}}{% endmacro %}{{ "
      "m(1) }}");
}

TEST(ChatLimits, AreWhatTheCallerSets) {
  TemplateLimits limits;
  limits.max_steps = 100;
  EXPECT_EQ(error_of("{% for i in range(50) %}x{% endfor %}", limits).code, Code::kResource);
  EXPECT_EQ(error_of("{% for i in range(5) %}x{% endfor %}", limits).got, "no error");
  limits = {};
  limits.max_bytes = 10'000;
  // the string, and its copy in the prompt
  EXPECT_EQ(error_of("{{ 'a' * 9000 }}", limits).code, Code::kResource);
  EXPECT_EQ(error_of("{{ 'a' * 900 }}", limits).got, "no error");
  limits = {};
  limits.max_depth = 10;
  EXPECT_EQ(error_of("{{ ((((((((((1)))))))))) }}", limits).code, Code::kResource);
  EXPECT_EQ(error_of("{{ ((((1)))) }}", limits).got, "no error");
}

TEST(ChatLimits, LongConversationsAreServed) {
  // 2 MB in 200 turns through a template with several copies of each message.
  const auto program = ChatTemplate::parse(
      "{% for m in messages %}{% set c = m.content|trim %}{% if '</think>' in c %}{% set c = "
      "c.split('</think>')[-1] %}"
      "{% endif %}{{ '<|im_start|>' + m.role + '\\n' + c + '<|im_end|>' + '\\n' }}{% endfor %}");
  ASSERT_TRUE(program.ok());
  std::vector<ChatMessage> messages;
  for (int i = 0; i < 200; ++i)
    messages.push_back({i % 2 ? "assistant" : "user", std::string(10'000, 'x')});
  const auto prompt = (*program)->render(messages, {});
  ASSERT_TRUE(prompt.ok()) << prompt.error().message();
  EXPECT_GT(prompt->text.size(), 2'000'000u);
  EXPECT_EQ(prompt->literal.size(), 400u);
}

// The deepest recursion that the limits allow, on a stack of 1 MiB (a thread usually has 8 MiB).
// AddressSanitizer puts a wide guard around every local variable.
#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t kSmallStack = 6 << 20;
#else
constexpr std::size_t kSmallStack = 1 << 20;
#endif
TEST(ChatLimits, FitIntoASmallStack) {
  const auto deep = [](void*) -> void* {
    EXPECT_EQ(error_of("{{ " + repeated("[", 94) + "1" + repeated("]", 94) + "|tojson }}").got,
              "no error");
    EXPECT_EQ(error_of("{{ " + repeated("(-", 49) + "1" + repeated(")|abs", 49) + " }}").got,
              "no error");
    EXPECT_EQ(error_of(repeated("{% for x in [1] %}", 90) + repeated("{% endfor %}", 90)).got,
              "no error");
    EXPECT_EQ(
        error_of("{% macro m() %}{% if 1 %}{{ m()|trim ~ 1 }}{% endif %}{% endmacro %}{{ m() }}")
            .code,
        Code::kResource);
    return nullptr;
  };
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, kSmallStack), 0);
  pthread_t thread;
  ASSERT_EQ(pthread_create(&thread, &attributes, deep, nullptr), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

TEST(ChatErrors, SayWhereAndWhat) {
  const auto expect = [](const std::string& source, Code code, const std::string& where,
                         const std::string& got) {
    const Error e = error_of(source);
    EXPECT_EQ(e.code, code) << source;
    EXPECT_EQ(e.where, "chat template, " + where) << source << "\n" << e.message();
    EXPECT_NE(e.got.find(got), std::string::npos) << source << "\n" << e.message();
    EXPECT_EQ(e.hint, "use --chat-template to give another template");
    EXPECT_FALSE(e.expected.empty());
  };
  expect("a\n{{ 'x' | nofilter }}", Code::kUnsupported, "line 2", "the filter 'nofilter'");
  expect("a\n\n{{ 1 is nosuchtest }}", Code::kUnsupported, "line 3", "the test 'nosuchtest'");
  expect("{% include 'x' %}", Code::kUnsupported, "line 1", "{% include %}");
  expect("\n{% call m() %}{% endcall %}", Code::kUnsupported, "line 2", "{% call %}");
  expect("{% for x in y recursive %}{% endfor %}", Code::kUnsupported, "line 1", "recursive");
  expect("{{ f(*a) }}", Code::kUnsupported, "line 1", "'*'");
  expect("{{ '%d' % 1 }}", Code::kUnsupported, "line 1", "%");
  expect("{{ 'a'.zfill(3) }}", Code::kUnsupported, "line 1", "the method 'zfill' of a str");
  expect("{{ 1.5.is_integer() }}", Code::kUnsupported, "line 1",
         "the method 'is_integer' of a float");
  expect("{{ 'abc'.find('c', 1) }}", Code::kUnsupported, "line 1", "'find' with a start or end");
  expect("{{ ('a'|safe).replace('a', 'b') }}", Code::kUnsupported, "line 1",
         "'replace' of a string behind |safe");
  expect("{% set c = cycler('a', 'b') %}", Code::kUnsupported, "line 1", "the function 'cycler'");
  expect("{% for x in [1] %}{{ loop.changed(loop) }}{% endfor %}", Code::kInvalid, "line 1",
         "LoopContext");
  expect("{% if 1 %}\n{{ 1 }}", Code::kInvalid, "line 2", "the end of the template");
  expect("{{ 1\n2 }}", Code::kInvalid, "line 2", "a number");
  expect("{{ 'a }}", Code::kInvalid, "line 1", "the end of the template");
  expect("{{ raise_exception('No ' + messages[0].role) }}", Code::kInvalid, "line 1", "No user");
  expect("{% for m in messages %}\n{{ m.nope.x }}{% endfor %}", Code::kInvalid, "line 2",
         "'dict object' has no attribute 'nope'");
  expect("{{ messages.append(1) }}", Code::kInvalid, "line 1", "no attribute 'append'");
  expect("{% macro m() %}\n{{ 1 / 0 }}\n{% endmacro %}\n\n{{ m() }}", Code::kInvalid, "line 2",
         "0");
  expect("{{ 9223372036854775807 + 1 }}", Code::kInvalid, "line 1", "larger");
  expect("{{ 92233720368547758070 }}", Code::kInvalid, "line 1", "92233720368547758070");
}

TEST(ChatErrors, RequestsThatAreNoJsonObjects) {
  const auto program = ChatTemplate::parse("{{ messages|length }}");
  ASSERT_TRUE(program.ok());
  const auto error = [&](const std::string& message, const std::string& variables) {
    ChatTemplate::Options options;
    options.variables = variables;
    const auto r = (*program)->render({{"user", "", message}}, options);
    return r.ok() ? Error{Code::kInvalid, "nothing", "no error", "", ""} : r.error();
  };
  EXPECT_EQ(error(R"({"role": "user"})", "{}").got, "no error");
  EXPECT_EQ(error("[1]", "{}").message().substr(0, 49),
            "expected a message as a JSON object, got array (c");
  EXPECT_EQ(error("{", "{}").got, "no JSON");
  EXPECT_EQ(error("", "null").expected, "variables as a JSON object");
  EXPECT_EQ(error("", R"({"n": 9223372036854775808})").expected, "integers of at most 64 bits");
  const std::string deep = R"({"a": )" + repeated("[", 200'000) + repeated("]", 200'000) + "}";
  EXPECT_EQ(error(deep, "{}").code, Code::kResource);
  EXPECT_EQ(error("", deep).code, Code::kResource);
}

TEST(ChatErrors, OneTemplateServesManyThreads) {
  const auto program = ChatTemplate::parse(
      "{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}"
      "{{ 'a' ~ m.content }}{% endfor %}{{ ns.n }}");
  ASSERT_TRUE(program.ok());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i)
        EXPECT_EQ((*program)->render({{"user", "x"}, {"user", "y"}}, {})->text, "axay2");
    });
  }
  for (std::thread& t : threads) t.join();
}

TEST(ChatDates, AreTheOptions) {
  const auto program = ChatTemplate::parse("{{ strftime_now('%d %B %Y (%A)') }}");
  ASSERT_TRUE(program.ok());
  ChatTemplate::Options options;
  EXPECT_EQ((*program)->render({}, options)->text, "26 July 2024 (Friday)");
  options.date = "1 Jan 2026";
  EXPECT_EQ((*program)->render({}, options)->text, "01 January 2026 (Thursday)");
  options.date = "some day";
  EXPECT_EQ((*program)->render({}, options)->text, "some day");
  options.date = "31 Feb 2026";
  EXPECT_EQ((*program)->render({}, options)->text, "31 Feb 2026");
}

}  // namespace
}  // namespace ponder
