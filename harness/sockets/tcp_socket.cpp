#include "harness/sockets/tcp_socket.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "model/spec/error.h"

namespace isoloss {
namespace {

using Clock = std::chrono::steady_clock;

// Small messages go at once, and a machine that was switched off is noticed.
void set_options(int file) {
  const int on = 1;
  setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(file, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

// -1 where nobody listens there, or the name is not known (yet).
int try_to_connect(const TcpAddress& address) {
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found) != 0)
    return -1;
  int connected = -1;
  for (const addrinfo* at = found; at != nullptr && connected < 0; at = at->ai_next) {
    const int file = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
    if (file < 0) continue;
    if (::connect(file, at->ai_addr, at->ai_addrlen) == 0) {
      connected = file;
    } else {
      ::close(file);
    }
  }
  freeaddrinfo(found);
  return connected;
}

}  // namespace

TcpSocket::~TcpSocket() {
  if (file_ >= 0) ::close(file_);
}

bool TcpSocket::send(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t moved = ::send(file_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (moved < 0 && errno == EINTR) continue;
    if (moved <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(moved));
  }
  return true;
}

bool TcpSocket::receive(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t moved = ::recv(file_, bytes.data(), bytes.size(), 0);
    if (moved < 0 && errno == EINTR) continue;
    if (moved <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(moved));
  }
  return true;
}

void TcpSocket::limit(std::chrono::milliseconds longest) {
  timeval time{};
  time.tv_sec = longest.count() / 1000;
  time.tv_usec = 1000 * (longest.count() % 1000);
  setsockopt(file_, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
}

TcpSocket connect_to(const TcpAddress& address, std::chrono::milliseconds patience) {
  const auto until = Clock::now() + patience;
  while (true) {
    if (const int file = try_to_connect(address); file >= 0) {
      set_options(file);
      return TcpSocket(file);
    }
    if (Clock::now() > until)
      throw WorkError(
          fmt::format("{} port {} cannot be reached (nobody listens there, or the name "
                      "is not known here); check that nodes reach each other",
                      address.host, address.port));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

TcpListener::TcpListener() : file_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  socklen_t length = sizeof address;
  auto* const general = reinterpret_cast<sockaddr*>(&address);
  if (file_ < 0 || bind(file_, general, length) != 0 || listen(file_, SOMAXCONN) != 0 ||
      getsockname(file_, general, &length) != 0) {
    const int error = errno;
    if (file_ >= 0) ::close(file_);
    throw WorkError(
        fmt::format("no port can be opened for other ranks ({}); start the job by mpirun",
                    std::strerror(error)));
  }
  port_ = ntohs(address.sin_port);
}

TcpListener::~TcpListener() { ::close(file_); }

TcpSocket TcpListener::accept(std::chrono::milliseconds patience) {
  const auto until = Clock::now() + patience;
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
    pollfd waiting{file_, POLLIN, 0};
    if (left.count() <= 0)
      throw WorkError(fmt::format(
          "other ranks have not come within {:.3g} s; look for one that could not start",
          std::chrono::duration<double>(patience).count()));
    if (poll(&waiting, 1, static_cast<int>(left.count())) <= 0) continue;
    const int file = accept4(file_, nullptr, nullptr, SOCK_CLOEXEC);
    if (file < 0) continue;
    set_options(file);
    return TcpSocket(file);
  }
}

}  // namespace isoloss
