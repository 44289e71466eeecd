import Glibc
import TestSupport

/// A directory with certificates and keys, and room for a configuration.
///
/// - `server`, `renewed`: for 127.0.0.1, by the authority `ca`; `rsa`: the same with an RSA key.
/// - `client`, `edwards`: clients' by the authority `ca`; `stranger`: by the authority `other`.
/// - `pipe`: a FIFO without a writer; `large`: more than is read.
final class SecurityFiles: Sendable {
  let path: String

  private static let script = """
    set -e
    printf '[req]\\ndistinguished_name=dn\\n[dn]\\n' >openssl.cnf
    request() {
      name=$1 algorithm=$2
      shift 2
      openssl req -config openssl.cnf -x509 -days 2 -nodes -newkey "$algorithm" \
        -keyout "$name.key" -out "$name.crt" -subj "/CN=$name" "$@" 2>&1
    }
    openssl ecparam -name prime256v1 -out p256
    for name in ca other; do
      request $name ec:p256 -addext basicConstraints=critical,CA:TRUE
    done
    leaf=basicConstraints=critical,CA:FALSE
    names=subjectAltName=DNS:localhost,IP:127.0.0.1
    for name in server renewed; do
      request $name ec:p256 -CA ca.crt -CAkey ca.key -addext $leaf -addext $names
    done
    request rsa rsa:2048 -CA ca.crt -CAkey ca.key -addext $leaf -addext $names
    names=subjectAltName=DNS:prometheus.example,IP:10.0.0.1,IP:fd00::1
    names=$names,URI:spiffe://example/prometheus,email:prometheus@example
    client="-addext extendedKeyUsage=clientAuth"
    request client ec:p256 -CA ca.crt -CAkey ca.key -addext $leaf -addext $names $client
    request edwards ed25519 -CA ca.crt -CAkey ca.key -addext $leaf $client
    request stranger ec:p256 -CA other.crt -CAkey other.key -addext $leaf -addext $names $client
    openssl ec -in server.key -aes128 -passout pass:secret -out encrypted.key
    mkfifo pipe
    truncate -s 1048577 large
    """

  /// The directory as `tar` packs it: made once, for each key takes a while.
  private static let archive = Result<[UInt8], any Error> {
    let directory = try makeDirectory()
    defer { _ = try? Command.run("rm", "-r", directory) }
    try Command.run("sh", "-c", "cd \(directory) && { \(script)\n}")
    return try Command.run("tar", "-C", directory, "-cf", "-", ".")
  }

  init() throws {
    path = try Self.makeDirectory()
    try Command.run("tar", "-C", path, "-xf", "-", input: Self.archive.get())
  }

  private static func makeDirectory() throws -> String {
    var template = Array("/tmp/kube-iptables-exporter-XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else { throw NoDirectory() }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { _ = try? Command.run("rm", "-r", path) }

  struct NoDirectory: Error {}

  /// Puts a text in the place of a file at one moment.
  func write(_ text: String, to name: String) throws {
    try Command.run(
      "sh", "-c", "cat >'\(path)/\(name).new' && mv '\(path)/\(name).new' '\(path)/\(name)'",
      input: Array(text.utf8))
  }

  /// Puts a copy of a file in the place of another at one moment.
  func replace(_ name: String, with source: String) throws {
    try Command.run(
      "sh", "-c", "cd '\(path)' && cp '\(source)' '\(name).new' && mv '\(name).new' '\(name)'")
  }
}
