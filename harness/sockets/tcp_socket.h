// A TCP connection, and the place where a process waits for some.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

namespace isoloss {

class TcpSocket {
 public:
  TcpSocket() = default;
  explicit TcpSocket(int file) : file_(file) {}
  ~TcpSocket();
  TcpSocket(TcpSocket&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  TcpSocket& operator=(TcpSocket&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }

  // Both return when all bytes have moved. False once the other side has gone.
  [[nodiscard]] bool send(std::span<const std::byte> bytes);
  [[nodiscard]] bool receive(std::span<std::byte> bytes);
  // No single receive waits longer than that from now on; zero: as long as it takes.
  void limit(std::chrono::milliseconds longest);

 private:
  int file_ = -1;
};

struct TcpAddress {
  std::string host;
  std::uint16_t port = 0;
  bool operator==(const TcpAddress&) const = default;
};

// Tries until the other side listens. WorkError naming the address where it does not in time.
TcpSocket connect_to(const TcpAddress& address, std::chrono::milliseconds patience);

class TcpListener {
 public:
  TcpListener();  // on any free port of all interfaces; WorkError where there is none
  ~TcpListener();
  TcpListener(const TcpListener&) = delete;
  TcpListener& operator=(const TcpListener&) = delete;

  std::uint16_t port() const { return port_; }
  // The next that connects; WorkError where nobody does in time.
  TcpSocket accept(std::chrono::milliseconds patience);

 private:
  int file_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace isoloss
