import Glibc
import NIOCore

extension Channel {
  /// Closes the connection at once, and discards what the system still has to send.
  ///
  /// Otherwise the system would keep that for a client that does not read, perhaps for minutes.
  func abort() {
    if let socket = self as? any SocketOptionProvider {
      _ = socket.setSoLinger(linger(l_onoff: 1, l_linger: 0))
    }
    close(promise: nil)
  }
}
