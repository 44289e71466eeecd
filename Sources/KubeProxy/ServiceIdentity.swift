/// What the hash at the end of a service port's chains was made of.
struct ServiceIdentity: Sendable {
  /// The index of the service port while a map is built.
  let service: Int32
  /// The name as kube-proxy wrote it.
  let literal: [UInt8]
  let port: ServicePort
}
