// Speaks the parser's protocol and misbehaves: how, the first byte of the file says. 'h' behaves.

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "parser_protocol.hpp"
#include "passing.hpp"

namespace {

using namespace dalil;
namespace protocol = media::protocol;

void put(int socket, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) _exit(0);
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
}

template <typename T>
void put_value(int socket, const T& value) {
  put(socket, {reinterpret_cast<const std::uint8_t*>(&value), sizeof value});
}

[[noreturn]] void stall() {
  while (true) pause();
}

void misbehave(int socket, char how, std::uint32_t sequence) {
  media::MediaFacts facts;
  facts.format = "jpeg";
  facts.make = "honest";
  const Bytes good = media::encode(facts);
  protocol::Answer header;
  header.sequence = sequence;
  header.size = static_cast<std::uint32_t>(good.size());
  switch (how) {
    case 'h':
      break;
    case 'c':
      std::abort();
    case 'e':
      _exit(0);
    case 's':
      stall();
    case 'n':
      header.sequence += 7;
      break;  // an answer to something else
    case 'm':
      header.magic ^= 1;
      break;
    case 'b':
      header.size = 0xffffffff;
      break;     // a promise of 4 GiB
    case 'g': {  // garbage of the right length
      put_value(socket, header);
      return put(socket, Bytes(good.size(), 0xff));
    }
    case 'f': {  // more and more, without end
      header.size = media::kMaxEncoded;
      put_value(socket, header);
      while (true) put(socket, Bytes(65'536, 'x'));
    }
    case 'd': {  // half of it, then silence
      put_value(socket, header);
      put(socket, ByteView(good).first(good.size() / 2));
      stall();
    }
    case 'k':  // takes the others' workers along
      kill(getppid(), SIGKILL);
      stall();
    case 't': {  // two answers for one question
      put_value(socket, header);
      put(socket, good);
      break;
    }
    default:
      break;
  }
  put_value(socket, header);
  put(socket, good);
}

void work(int socket) {
  put_value(socket, protocol::Greeting{});
  while (true) {
    protocol::Request requests[media::kMostPassed];
    const auto got =
        media::recv_with_fds(socket, {reinterpret_cast<std::uint8_t*>(requests), sizeof requests});
    if (got.size <= 0 || static_cast<std::size_t>(got.size) != got.fds.size() * sizeof requests[0]) _exit(0);
    for (std::size_t i = 0; i < got.fds.size(); ++i) {
      char how = 'h';
      if (pread(got.fds[i].get(), &how, 1, 0) != 1) how = 'h';
      misbehave(socket, how, requests[i].sequence);
    }
  }
}

}  // namespace

int main() {
  std::array<pid_t, 64> workers{};  // by slot
  while (true) {
    protocol::Order order;
    auto got = media::recv_with_fds(protocol::kNurserySocket,
                                    {reinterpret_cast<std::uint8_t*>(&order), sizeof order});
    if (got.size != sizeof order) return 0;
    pid_t& worker = workers.at(order.slot);
    if (worker > 0) {
      kill(worker, SIGKILL);
      waitpid(worker, nullptr, 0);
    }
    worker = order.kind == protocol::Order::Kind::spawn ? fork() : -1;
    if (worker == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      work(got.fds.front().get());
    }
  }
}
