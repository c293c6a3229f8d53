// The HTTP server: listens, gives each connection to the I/O thread, and each request that needs
// the model to one of the job threads, whose passes merge (SharedDensity).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

#include "ponder/shared_session.h"
#include "serve/options.h"

namespace ponder::serve {

/// Serves until `stop` is set; then accepts no more, gives what runs the time of options.drain, and
/// stops it. on_listen(port) is called once, when the server listens. Errors: kInvalid (no
/// address), kIo (the address cannot be listened at).
Status run_server(const std::shared_ptr<SharedSession>&, const ServeOptions&,
                  const std::atomic<bool>& stop,
                  const std::function<void(std::uint16_t)>& on_listen);

}  // namespace ponder::serve
