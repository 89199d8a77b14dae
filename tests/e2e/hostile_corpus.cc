// SPDX-License-Identifier: Apache-2.0
#include "tests/e2e/hostile_corpus.h"

#include <fmt/format.h>

namespace assay::test {
namespace {

using namespace std::string_literals;  // a NUL inside a request
using Then = Hostile::Then;

const Expected kMalformed{400, "invalid_argument"};

std::string times(std::size_t count, std::string_view text) {
  std::string out;
  out.reserve(count * text.size());
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

// As a query value or a path segment, whatever it holds.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return out;
}

// The corpus as it is put together.
class Corpus {
 public:
  explicit Corpus(const HostileGround& ground) : ground_(ground) {}

  void framing();
  void targets();
  void documents();
  void publications();
  void searches();
  void names();
  void digests();
  void ranges();
  void tokens();
  void identity_tokens();

  std::vector<Hostile> take() { return std::move(entries_); }

 private:
  std::string bearer() const { return "Authorization: Bearer " + ground_.token + "\r\n"; }

  void add(std::string what, std::string sent, Expected answer, Then then = Then::usable) {
    entries_.push_back({std::move(what), std::move(sent), {std::move(answer)}, then});
  }
  void closing(std::string what, std::string sent, Expected answer = kMalformed) {
    add(std::move(what), std::move(sent), std::move(answer), Then::closed);
  }
  // A whole head of a GET with these further lines.
  void head(std::string what, const std::string& lines, Expected answer = kMalformed) {
    closing(std::move(what), "GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + lines + "\r\n" + smuggled_, std::move(answer));
  }
  // As the administrator.
  std::string get(const std::string& target, const std::string& lines = "") const {
    return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + bearer() + lines + "\r\n";
  }
  std::string with_body(const std::string& request, const std::string& body, const std::string& type) const {
    return fmt::format("{} HTTP/1.1\r\nHost: localhost\r\n{}Content-Type: {}\r\nContent-Length: {}\r\n\r\n{}", request, bearer(), type,
                       body.size(), body);
  }
  std::string post(const std::string& target, const std::string& json) const {
    return with_body("POST " + target, json, "application/json");
  }
  void chunked(const std::string& what, const std::string& body, Expected answer = kMalformed) {
    for (const std::string request : {"POST /api/v1/uploads", "POST /api/v1/blobs"})
      closing(what + ", to " + request,
              request + " HTTP/1.1\r\nHost: localhost\r\n" + bearer() + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" +
                  body + smuggled_,
              answer);
  }

  const HostileGround& ground_;
  // Behind whatever closes: it must not be answered.
  const std::string smuggled_ = "GET /healthz HTTP/1.1\r\nHost: smuggled\r\n\r\n";
  std::vector<Hostile> entries_;
};

void Corpus::framing() {
  head("two framings", "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n");
  head("two framings, the other way round", "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n");
  head("two lengths that differ", "Content-Length: 0\r\nContent-Length: 44\r\n");
  head("two lengths that agree", "Content-Length: 0\r\nContent-Length: 0\r\n");
  for (const char* length : {"", "+1", "-1", "0x10", "1e1", "1, 1", "1 1", "1;", "18446744073709551616", "99999999999999999999"})
    head("the length \""s + length + '"', "Content-Length: "s + length + "\r\n");
  for (const char* coding : {"identity", "gzip", "gzip, chunked", "chunked, identity", "chunked, chunked", "xchunked", "chunkedx",
                             "chunked;q=1", "\"chunked\"", "\x0b" "chunked", ""})
    head("the transfer coding \""s + coding + '"', "Transfer-Encoding: "s + coding + "\r\n");
  head("two transfer codings", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n");
  head("a blank before the colon", "Transfer-Encoding : chunked\r\n");
  closing("chunks in HTTP/1.0", "POST /api/v1/uploads HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled_);
  closing("lines that end in LF alone", "GET /healthz HTTP/1.1\nHost: localhost\n\n" + smuggled_);
  closing("one line that ends in LF alone", "GET /healthz HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n" + smuggled_);
  head("a CR inside a value", "X: a\rb\r\n");
  head("a folded field", "X: a\r\n Content-Length: 4\r\n");
  head("a field folded by a tab", "X: a\r\n\tb\r\n");
  closing("a folded field right behind the request line", "GET /healthz HTTP/1.1\r\n X: y\r\nHost: localhost\r\n\r\n" + smuggled_);
  head("a NUL in a value", "X: a\0b\r\n"s);
  head("a NUL in a name", "X\0: a\r\n"s);
  for (const char control : {'\x01', '\x08', '\x0b', '\x0c', '\x1b', '\x7f'})
    head(fmt::format("the control character {:02x}", static_cast<unsigned>(control)), "X: a"s + control + "b\r\n");
  head("no colon", "colourless\r\n");
  head("no name", ": value\r\n");
  head("a name that is no token", "X(Y): z\r\n");
  head("a second Host", "Host: b\r\n");
  for (const char* host : {"", "a/b", "user@a", "a b", "a,b", "a?b", "a#b", "\xc3\xa4"})
    closing("the Host \""s + host + '"', "GET /healthz HTTP/1.1\r\nHost: "s + host + "\r\n\r\n" + smuggled_, kMalformed);
  closing("no Host", "GET /healthz HTTP/1.1\r\n\r\n" + smuggled_);
  head("101 fields", times(100, "a: b\r\n"), {431, "too_large"});
  closing("a head of 16 KiB", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(16 * 1024, 'x') + "\r\n\r\n", {431, "too_large"});
  closing("a head of 1 MiB without an end", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(1 << 20, 'x'), {431, "too_large"});
  closing("a target of 8 KiB and one", "GET /" + std::string(8 * 1024, 'x') + " HTTP/1.1\r\nHost: localhost\r\n\r\n", {414, "too_large"});
  closing("HTTP/2 without having agreed on it", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {505, "unsupported"});
  closing("HTTP/0.9", "GET /healthz\r\n\r\n");
  closing("no version", "GET /healthz FTP/1.1\r\nHost: localhost\r\n\r\n");
  closing("a TLS handshake", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"s);
  closing("two blanks", "GET  /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" + smuggled_);
  closing("a blank before the method", " GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" + smuggled_);
  closing("a method that is no token", "G(T /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" + smuggled_);

  for (const char* size : {"g", "-1", "0x3", " 3", "3 3", "+3", "", "fffffffffffffffff", "10000000000000000"})
    chunked("the chunk size \""s + size + '"', size + "\r\nabc\r\n0\r\n\r\n"s);
  chunked("chunks whose lines end in LF alone", "3\nabc\n0\n\n");
  chunked("a chunk longer than its size", "3\r\nabcdef\r\n0\r\n\r\n");
  chunked("an extension of a chunk without an end", "3;" + std::string(200 * 1024, 'x'));
  chunked("a trailer without an end", "0\r\nX: " + std::string(200 * 1024, 'x'));

  entries_.push_back({"garbage behind a request", "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n\x01\x02\x03 garbage\r\n\r\n" + smuggled_,
                      {{200}, kMalformed}, Then::closed});
  entries_.push_back({"a smuggler behind two good requests",
                      get("/api/v1/whoami") + get("/healthz") + "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n"
                      "Transfer-Encoding: chunked\r\n\r\n" + smuggled_, {{200}, {200}, kMalformed}, Then::closed});
  head("a body where none is taken", "Content-Length: 5\r\n\r\nhello", {413, "too_large"});
  closing("an expectation that nobody meets",
          "POST /api/v1/uploads HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: 200-ok\r\n\r\n", {417, "unsupported"});
  closing("a packed body", "POST /api/v1/uploads HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Encoding: gzip\r\n\r\nhello",
          {415, "unsupported"});
  add("an upgrade that is not on offer", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", {200});
  for (const char* method : {"get", "TRACE", "PROPFIND", "GETS"})
    add("the method "s + method, method + " /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"s, {405, "unsupported"});
}

void Corpus::targets() {
  for (const char* target : {"*", "healthz", "a:443", "/healthz#x", "ftp://a/healthz", "HTTP//a"})
    closing("the target "s + target, "GET "s + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n" + smuggled_);
  closing("a tunnel", "CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: localhost\r\n\r\n" + smuggled_);
  closing("a byte above 127", "GET /\x80 HTTP/1.1\r\nHost: localhost\r\n\r\n" + smuggled_);
  // A URL makes us ask nobody, and is another's unless its host is ours.
  add("our own URL", "GET http://localhost/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", {200});
  for (const char* url : {"http://169.254.169.254/latest/meta-data", "http://evil.example/healthz", "https://evil.example:7460/healthz",
                          "http://localhost@evil.example/healthz", "http://evil.example"})
    closing("the URL "s + url, "GET "s + url + " HTTP/1.1\r\nHost: localhost\r\n\r\n" + smuggled_, {421, "denied"});
  for (const char* host : {"evil.example", "localhost.evil.example", "localhost.", "127.0.0.1.evil.example:80", "0"})
    closing("the name "s + host, "GET /healthz HTTP/1.1\r\nHost: "s + host + "\r\n\r\n" + smuggled_, {421, "denied"});
  for (const char* path : {"//healthz", "/healthz/", "/HEALTHZ", "/Healthz", "/./healthz", "/x/../healthz", "/%68ealthz", "/healthz%00",
                           "/healthz%20", "/healthz;x=y", "/\\healthz", "/api//v1/whoami", "/API/v1/whoami", "/api/V1/whoami",
                           "/api/v1/whoami/", "/api/v1/../v1/whoami", "/api/v1/Models", "/api%2fv1%2fwhoami", "//a/api/v1/whoami"})
    add("the path "s + path, get(path), {404, "not_found"});
  for (const char* segment : {"..", ".", "%2e%2e", "%2E", ".%2e", "%", "%2", "%zz", "%00", "a%00", "%0d%0aX:%20y", "%7f", "%ff", "%c3",
                              "%c0%af", "%c1%9c", "%e0%80%af", "%ed%a0%80", "%f4%90%80%80", "%f8%88%80%80%80"})
    closing("the segment "s + segment, get("/api/v1/models/default/"s + segment) + smuggled_);
  for (const char* query : {"limit=0", "limit=-1", "limit=1e3", "limit=0x10", "limit=", "limit=18446744073709551617", "limit=1001", "limit=5&limit=5",
                            "cursor=x", "cursor=%27%20OR%201=1", "nothing=1", "LIMIT=5", "limit[]=5"})
    add("the query "s + query, get("/api/v1/models?"s + query), kMalformed);
  for (const char* query : {"limit%00=5", "limit=%00", "limit=%zz", "limit=%", "cursor=%ff", "cursor=%0d%0aX:%20y"})
    closing("the query "s + query, get("/api/v1/models?"s + query) + smuggled_);
}

void Corpus::documents() {
  const std::string kPath = "/api/v1/uploads";
  const std::string kDigest = R"("digest":")" + ground_.blob + '"';
  const auto wrong = [&](const std::string& what, const std::string& json) { add("JSON: " + what, post(kPath, json), kMalformed); };
  for (const char* json : {"", " ", "null", "true", "3", "\"text\"", "[]", "{}", "{", "}", "[[", "{\"digest\"}", "{\"digest\":}", "{,}", "nul",
                           "{'digest':1}", "{digest:1}", "/**/{}", "{}{}", "{} x", "\xef\xbb\xbf{}", "\x01", "\xff\xfe{}"})
    wrong("the document "s + json, json);
  for (const char* number : {"NaN", "-NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e-1", "-1", "0.5", "01", "1.", ".5", "+1", "0x10", "1_000",
                             "9223372036854775808", "18446744073709551616", "1e19", "null", "true", "\"5\"", "[5]", "{\"a\":5}"})
    wrong("the size "s + number, "{" + kDigest + R"(,"size":)" + number + "}");
  wrong("a number of 50 000 digits", "{" + kDigest + R"(,"size":)" + std::string(50'000, '9') + "}");
  wrong("a member twice", "{" + kDigest + "," + kDigest + R"(,"size":1})");
  wrong("a member twice, once in disguise", "{" + kDigest + R"(,"\u0064igest":"x","size":1})");
  wrong("a member twice, inside another", "{" + kDigest + R"(,"size":1,"parents":[{"a":1,"a":2}]})");
  wrong("an unknown member", "{" + kDigest + R"(,"size":1,"path":"/etc/passwd"})");
  wrong("a member in another case", R"({"Digest":")" + ground_.blob + R"(","size":1})");
  wrong("a member named by 50 000 letters", "{" + kDigest + R"(,"size":1,")" + std::string(50'000, 'x') + R"(":1})");
  wrong("a prototype", "{" + kDigest + R"(,"size":1,"__proto__":{"admin":true}})");
  for (const char* text : {R"(\ud800)", R"(\udc00)", R"(\ud800\ud800)", R"(\udc00\ud800)", R"(\u12)", R"(\x41)", "\x80", "\xc0\xaf", "\xed\xa0\x80",
                           "\n", R"(\u0000)"})
    wrong("the text "s + text, R"({"digest":")"s + text + R"(","size":1})");
  for (const std::size_t depth : {33u, 1000u, 30'000u}) {
    wrong(fmt::format("{} arrays deep", depth), times(depth, "[") + times(depth, "]"));
    wrong(fmt::format("{} arrays deep, not closed", depth), times(depth, "["));
    wrong(fmt::format("{} objects deep", std::min<std::size_t>(depth, 10'000)), times(std::min<std::size_t>(depth, 10'000), R"({"a":)") + "1");
  }
  wrong("10 000 members", "{" + times(10'000, "\"\":1,") + kDigest + "}");
  add("JSON: 17 parents", post(kPath, "{" + kDigest + R"(,"size":1,"parents":["x")" + times(16, ",\"x\"") + "]}"), {413, "too_large"});
  closing("JSON: one byte more than is taken", post(kPath, std::string(64 * 1024 + 1, ' ')), {413, "too_large"});
  add("JSON that says it is a form", with_body("POST " + kPath, "{}", "application/x-www-form-urlencoded"), {422, "unsupported"});
  add("JSON that does not say what it is",
      "POST " + kPath + " HTTP/1.1\r\nHost: localhost\r\n" + bearer() + "Content-Length: 2\r\n\r\n{}", {422, "unsupported"});
  for (const std::string path : {"/api/v1/runs", "/api/v1/evidence", "/api/v1/promotions", "/api/v1/tokens", "/api/v1/webhooks", "/api/v1/imports",
                                 "/api/v1/models/default/m/versions", "/api/v1/jobs/evidence", "/api/v1/jobs/scrub"})
    for (const std::string& json : {std::string("[]"), times(33, "[") + times(33, "]"), R"({"x":NaN})"s, R"({"a":1,"a":2})"s, R"({"unheard":1})"s})
      add("POST " + path + " " + json.substr(0, 40), post(path, json), kMalformed);
}

void Corpus::publications() {
  const std::string kVersions = "/api/v1/models/default/m/versions";
  const auto file = [&](const std::string& path) {
    return fmt::format(R"({{"path":"{}","digest":"{}","size":{}}})", path, ground_.blob, ground_.blob_size);
  };
  const auto refused = [&](const std::string& what, const std::string& files, const std::string& more = "", Expected answer = kMalformed) {
    add("publishing " + what, post(kVersions, R"({"files":[)" + files + "]" + more + "}"), std::move(answer));
  };
  for (const char* path : {"", "/etc/passwd", "..", "../x", "a/../../x", "a/./b", "a//b", "a/", "C:\\\\x", "a\\\\b", "a\\u0000b", "a\\nb", "a\\u001bb", "a\\u009bb",
                           "a\\u202ecod.exe", "a\\u2066b", "\\ufeffa", "a\\u2028b", "a\\ud800"})
    refused("the path \""s + path + '"', file(path));
  refused("a path of 10 000 bytes", file(std::string(10'000, 'x')));
  refused("a part of 256 bytes", file(std::string(256, 'x')));
  refused("one path twice", file("a") + "," + file("a"));
  refused("a file inside a file", file("a") + "," + file("a/b"));
  refused("10 001 files", file("a") + times(10'000, ",0"), "", {413, "too_large"});
  refused("another size than the bytes have", fmt::format(R"({{"path":"a","digest":"{}","size":1}})", ground_.blob));
  refused("bytes that are not here", fmt::format(R"({{"path":"a","digest":"sha256:{}","size":1}})", std::string(64, '0')), "", {404, "not_found"});
  refused("a label with a control character", file("a"), R"(,"labels":{"k":"\u001b[2J"})");
  refused("a label with a control character of C1", file("a"), R"(,"labels":{"k":"\u009b2J"})");
  refused("a label that turns the line round", file("a"), R"(,"labels":{"k":"\u202ecod.exe"})");
  refused("a label of 1025 bytes", file("a"), R"(,"labels":{"k":")" + std::string(1025, 'x') + "\"}");
  std::string labels;
  for (int i = 0; i < 65; ++i) labels += fmt::format("{}\"k{}\":\"v\"", i == 0 ? "" : ",", i);
  refused("65 labels", file("a"), ",\"labels\":{" + labels + "}", {413, "too_large"});
}

void Corpus::searches() {
  const auto search = [&](const std::string& what, const std::string& query, Expected answer = kMalformed) {
    add("searching " + what, get("/api/v1/search?q=" + escaped(query)), std::move(answer));
  };
  // Short ones stay as they are, so that as much of a query as fits a request's first line gets to the parser.
  const auto plain = [&](const std::string& what, const std::string& query, Expected answer) {
    add("searching " + what, get("/api/v1/search?q=" + query), std::move(answer));
  };
  closing("searching 10 000 terms", get("/api/v1/search?q=" + times(10'000, "name='a'+AND+") + "name='a'"), {431, "too_large"});
  closing("searching 800 terms", get("/api/v1/search?q=" + times(800, "name=1+AND+") + "name=1"), {414, "too_large"});
  plain("600 terms", times(600, "name=1+AND+") + "name=1", {413, "too_large"});
  plain("101 terms", times(100, "name='a'+AND+") + "name='a'", {413, "too_large"});
  plain("101 items", "name+IN+('a'" + times(100, ",'a'") + ")", {413, "too_large"});
  plain("4097 bytes", "name='" + std::string(4097, 'x') + "'", {413, "too_large"});
  plain("33 parentheses deep", times(33, "(") + "name='a'" + times(33, ")"), {413, "too_large"});
  plain("4000 parentheses deep", times(4000, "("), {413, "too_large"});
  plain("2000 times not", times(1000, "NOT+") + "name='a'", {413, "too_large"});
  for (const char* query : {"'", "\"", "`", "name = 'a", "name = \"a", "labels.`a = 'b'", "name = 'a''", "(", ")", "name = 'a')", "(name = 'a'", "()",
                            "name", "name =", "= 'a'", "name == 'a'", "name <> 'a'", "name => 'a'", "name !== 'a'", "name = = 'a'", "name = 'a' = 'b'",
                            "name := 'a'", "name ~ 'a'", "name & 'a'", "name | 'a'", "AND", "OR", "NOT", "name = 'a' AND", "name = 'a' OR OR name = 'b'",
                            "name LIKE", "name LIKE 5", "name IN", "name IN ()", "name IN ('a',)", "name IN 'a'", "name IS", "name IS NOT", "name BETWEEN 'a' AND 'b'",
                            "name REGEXP '(a+)+$'", "name GLOB '*'", "name MATCH 'a'", "name LIKE 'a' ESCAPE 'b'", "name = 'a'; DROP TABLE versions",
                            "name = 'a' --", "name = 'a' /* x */", "1 = 1", "'a' = 'a'", "sqlite_master = 'x'", "versions.id = 1", "rowid = 1",
                            "name = (SELECT 1)", "name = x'00'", "name = ?", "name = $1", "size > NaN", "size > 1e999", "size > 'a'",
                            "size > 0x10", "number = 1.5.2", "created_at > 'yesterday'", "created_at > '2026-99-99'", "metrics. > 1", "metrics > 1", "labels = 'a'",
                            "name = 'a' ORDER BY", "name = 'a' ORDER BY nothing", "name = 'a' ORDER BY name SIDEWAYS", "name = 'a' LIMIT 5"})
    search(query, query);
  // A word is text, whatever it means elsewhere.
  for (const char* query : {"name = name", "name = :a", "name = @a", "name = rowid"}) search(query, query, {200});
  closing("searching what is not UTF-8", get("/api/v1/search?q=name='%E2%82'") + smuggled_);
  closing("searching a zero byte", get("/api/v1/search?q=name='a%00b'") + smuggled_);
  // The ground has a label of a thousand letters for these to walk up and down.
  plain("by 1000 wildcards", "labels.long+LIKE+'" + times(1000, "%25a") + "b'", {200});
  plain("by 3000 wildcards in a row", "labels.long+LIKE+'" + times(2000, "%25") + "b'", {200});
  plain("by 1000 wildcards for one character each", "labels.long+LIKE+'" + times(1000, "_") + "b'", {200});
  plain("by 700 wildcards, whatever the case", "labels.long+ILIKE+'" + times(700, "%25_A") + "b'", {200});
  search("by a lone escape", "name LIKE 'a\\'");
  add("ordering by five fields", get("/api/v1/search?order=name,name,name,name,name"), {413, "too_large"});
  add("ordering by a statement", get("/api/v1/search?order=" + escaped("name; DROP TABLE versions")), kMalformed);
  add("an unknown kind", get("/api/v1/search?kind=tables"), kMalformed);
  add("a cursor of nobody", get("/api/v1/search?cursor=" + escaped("{\"after\":1}")), kMalformed);
}

void Corpus::names() {
  for (const char* name : {"a..b", "a.", ".a", "-a", "a-", "a--b", "a._b", "a b", "a\tb", "a/b", "a\\b", "a:b", "a@b", "a%b", "a?b", "a'b", "a\"b", "<a>", "a.git", "A.GIT",
                           "\xc3\xa9", "e\xcc\x81", "\xef\xbc\xa1", "\xe2\x80\xae" "a", "a\xe2\x80\x8b" "b", "\xf0\x9f\x90\x8b", "\xd0\xb0", "\xef\xbb\xbf" "a", "\xc2\x9b" "a", "api",
                           "models", "v1", "healthz"}) {
    const bool control = std::string_view(name).find('\t') != std::string_view::npos;
    add("the name "s + name, get("/api/v1/models/default/" + escaped(name)) + (control ? smuggled_ : ""), kMalformed,
        control ? Then::closed : Then::usable);
  }
  add("a name of 97 letters", get("/api/v1/models/default/" + std::string(97, 'x')), kMalformed);
  add("a name of 8000 letters", get("/api/v1/models/default/" + std::string(8000, 'x')), kMalformed);
  closing("a name of 10 000 letters", get("/api/v1/models/default/" + std::string(10'000, 'x')), {414, "too_large"});
  for (const char* version : {"0", "-1", "01", "18446744073709551616", "a..b", "%20", "1'", "sha256:", "latest%20"})
    add("the version "s + version, get("/api/v1/models/default/m/versions/"s + version), kMalformed);
  for (const char* stage : {"latest", "main", "v1", "7", "a..b", "a%20b"})
    add("the stage "s + stage, get("/api/v1/models/default/m/stages/"s + stage), kMalformed);
  for (const char* id : {"x", "0", "01kb2h5v0q4t8w9xaz3c6d7efu", "01kb2h5v0q4t8w9xaz3c6d7efgx", "'"})
    add("the id "s + id, get("/api/v1/runs/"s + id), kMalformed);
}

void Corpus::digests() {
  const std::string hex = ground_.blob.substr(7);
  std::string upper = hex;
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  for (const std::string& digest : {"sha256:" + hex.substr(1), "sha256:" + hex + "0", "sha256:"s, ":" + hex, "sha256" + hex, "SHA256:" + hex, "sha256:" + upper + "G",
                                    "sha256:" + hex.substr(1) + "g", "sha512:" + hex, "sha512:" + hex + hex, "md5:" + hex.substr(32), "sha256-" + hex,
                                    "sha256:sha256:" + hex, "sha256:%20" + hex.substr(1), "sha256:" + std::string(5000, 'a'), "sha256:..%2f..%2fcatalog.db"s})
    for (const std::string path : {"/api/v1/blobs/", "/api/v1/why/", "/api/v1/libraries/"})
      add("the digest " + digest.substr(0, 90) + " in " + path, get(path + digest), kMalformed);
  add("bytes that are not here", get("/api/v1/blobs/sha256:" + std::string(64, '0')), {404, "not_found"});
  const auto put = [&](const std::string& target, const std::string& lines) {
    return "PUT /api/v1/blobs/" + target + " HTTP/1.1\r\nHost: localhost\r\n" + bearer() + lines + "Content-Length: 3\r\n\r\nabc";
  };
  add("other bytes than the digest's", put("sha256:" + std::string(64, '0'), ""), kMalformed);
  add("a digest in capitals for an upload", put(upper, ""), kMalformed);
  add("a digest of another length in the head", put("x", "Repr-Digest: sha-256=:AAAA:\r\n"), kMalformed);
  add("two digests that differ", put("sha256:" + hex, "Repr-Digest: sha-256=:" + std::string(43, 'A') + "=:\r\n"), kMalformed);
  add("17 parents of an upload", put("x?parent=" + ground_.blob + times(16, "&parent=" + ground_.blob), ""), {413, "too_large"});
}

void Corpus::ranges() {
  const std::size_t all = ground_.blob_size;
  const auto range = [&](const std::string& field, int status, std::size_t bytes) {
    add("the range " + field.substr(0, 60), get("/api/v1/blobs/" + ground_.blob, "Range: " + field + "\r\n"), {status, "", bytes});
  };
  // Several ranges, overlapping ones, and what is none: all of it, once.
  range("bytes=0-0,1-1", 200, all);
  range("bytes=0-,0-,0-", 200, all);
  range("bytes=0-" + times(2500, ",0-"), 200, all);
  range("bytes=" + times(1500, "0-999,") + "-1", 200, all);
  for (const char* field : {"bytes=5-2", "bytes=--5", "bytes=-5-", "bytes=-", "bytes=", "bytes", "bytes=a-b", "bytes=0x0-0x5", "bytes=1e1-", "bytes=+0-5", "bytes=0 - 5",
                            "bytes=0-5;", "items=0-5", "Bytes=0-5", "bytes:0-5", "bytes=18446744073709551616-", "bytes=0-18446744073709551616",
                            "bytes=-18446744073709551616", "bytes=9999999999999999999999-"})
    range(field, 200, all);
  range("bytes=0-18446744073709551615", 206, all);
  range("bytes=-18446744073709551615", 206, all);
  range("bytes=-5", 206, 5);
  range("bytes=5-5", 206, 1);
  for (const std::string& field : {fmt::format("bytes={}-", all), "bytes=18446744073709551615-"s, "bytes=18446744073709551614-18446744073709551615"s, "bytes=-0"s})
    add("the range " + field, get("/api/v1/blobs/" + ground_.blob, "Range: " + field + "\r\n"), {416, "invalid_argument"});
}

void Corpus::tokens() {
  const auto by = [&](const std::string& what, const std::string& authorization) {
    add("the token " + what, "GET /api/v1/whoami HTTP/1.1\r\nHost: localhost\r\n" + authorization + "\r\n", {401, "unauthenticated"});
  };
  std::string mistyped = ground_.token;
  mistyped.back() = mistyped.back() == 'a' ? 'b' : 'a';
  std::string lower = ground_.token;
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  by("that is not there", "");
  by("of a stranger", "Authorization: Bearer assay_" + std::string(49, '0') + "\r\n");
  by("cut short", "Authorization: Bearer " + ground_.token.substr(0, ground_.token.size() - 1) + "\r\n");
  by("with more behind it", "Authorization: Bearer " + ground_.token + "x\r\n");
  by("with a wrong checksum", "Authorization: Bearer " + mistyped + "\r\n");
  by("in small letters", "Authorization: Bearer " + lower + "\r\n");
  by("that was revoked", "Authorization: Bearer " + ground_.revoked + "\r\n");
  by("without a scheme", "Authorization: " + ground_.token + "\r\n");
  by("of another scheme", "Authorization: Digest username=\"a\"\r\n");
  by("that is empty", "Authorization: Bearer\r\n");
  by("after two blanks", "Authorization: Bearer  " + ground_.token + "\r\n");
  by("that is two", "Authorization: Bearer " + ground_.token + "," + ground_.token + "\r\n");
  by("that is not base64", "Authorization: Basic !!!!\r\n");
  by("without a colon in it", "Authorization: Basic YXNzYXk=\r\n");
  by("with a quote", "Authorization: Bearer ' OR '1'='1\r\n");
  by("of 1 KiB and one", "Authorization: Bearer " + std::string(1025, 'a') + "\r\n");
  by("of 15 KiB", "Authorization: Bearer " + std::string(15 * 1024, 'a') + "\r\n");
  by("in a cookie", "Cookie: token=" + ground_.token + "\r\n");
  by("in a field of its own", "X-Api-Key: " + ground_.token + "\r\n");
  closing("the token of 1 MiB", "GET /api/v1/whoami HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + std::string(1 << 20, 'a') + "\r\n\r\n", {431, "too_large"});
  // Never in a URL, where logs would have it.
  for (const char* parameter : {"token", "access_token", "authorization"})
    add("the token in the URL as "s + parameter, "GET /api/v1/whoami?"s + parameter + "=" + ground_.token + " HTTP/1.1\r\nHost: localhost\r\n\r\n", kMalformed);
  closing("the token before the host", "GET /api/v1/whoami HTTP/1.1\r\nHost: x:" + ground_.token + "@a\r\n\r\n");
  closing("the token before the host of a URL",
          "GET http://x:" + ground_.token + "@localhost/api/v1/whoami HTTP/1.1\r\nHost: localhost\r\n\r\n", {421, "denied"});
  for (const std::string& token : {ground_.unsigned_, ground_.expired, ground_.foreign})
    by("that is an identity provider's", "Authorization: Bearer " + token + "\r\n");
}

void Corpus::identity_tokens() {
  const auto exchanged = [&](const std::string& what, const std::string& token, const std::string& trust = "ci") {
    add("the identity token " + what,
        "POST /api/v1/tokens:exchange HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" +
            [&](const std::string& body) { return fmt::format("Content-Length: {}\r\n\r\n{}", body.size(), body); }(
                fmt::format(R"({{"trust":"{}","token":"{}"}})", trust, token)),
        {401, "unauthenticated"});
  };
  exchanged("that is empty", "");
  exchanged("without a signature and alg none", ground_.unsigned_);
  exchanged("that expired", ground_.expired);
  exchanged("of a foreign issuer", ground_.foreign);
  exchanged("signed by another's key of the same name", ground_.forged);
  exchanged("with its signature cut off", ground_.expired.substr(0, ground_.expired.rfind('.') + 1));
  exchanged("of two parts", "e30.e30");
  exchanged("of four parts", "e30.e30.e30.e30");
  exchanged("of empty parts", "..");
  exchanged("that is not base64", "!.!.!");
  exchanged("whose header is no object", "W10.e30.e30");
  exchanged("of 60 KB", std::string(60'000, 'a'));
  exchanged("for a trust that is not there", ground_.expired, "nobody");
  exchanged("for a trust with a quote in its name", ground_.expired, "' OR '1'='1");
  closing("the identity token of 1 MiB",
          "POST /api/v1/tokens:exchange HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1048576\r\n\r\n" +
              std::string(1 << 20, 'a'),
          {413, "too_large"});
}

}  // namespace

std::vector<Hostile> hostile_corpus(const HostileGround& ground) {
  Corpus corpus(ground);
  corpus.framing();
  corpus.targets();
  corpus.documents();
  corpus.publications();
  corpus.searches();
  corpus.names();
  corpus.digests();
  corpus.ranges();
  corpus.tokens();
  corpus.identity_tokens();
  return corpus.take();
}

}  // namespace assay::test
