// Certificate files: what `ponder prove --certificate` writes and `--check` reads, one JSON object. The format only;
// what it states and how that is checked: ponder/certificate.h.
#pragma once

#include <string>
#include <vector>

#include "ponder/certificate.h"
#include "session.h"

namespace ponder::app {

struct CertificateFile {
  std::string model_file, model_sha256;
  std::string precision;  // of the search: "f32", "bf16"
  std::vector<Token> prompt, end_tokens;
  ReplyLawConfig law;
  Statement statement;
};

/// Writes it in the place of what was at the path, or leaves that.
void write_certificate(const std::string& path, const CertificateFile&);
/// Fails (Failure) on what is no certificate.
CertificateFile read_certificate(const std::string& path);

}  // namespace ponder::app
