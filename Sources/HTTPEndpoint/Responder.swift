import NIOCore
import NIOHTTP1
import WebConfiguration

/// A response that is ready to be sent, except for the header fields of the connection.
struct OutgoingResponse {
  let status: HTTPResponseStatus
  var headers: HTTPHeaders
  let body: Delivery
}

/// Finds the handler of a request, and prepares the handler's response for sending.
struct Responder: Sendable {
  /// Bodies below this size are not worth compressing.
  private static let minCompressedBytes = 1024

  private let routes: [String: RequestHandler]
  private let cache: GzipSegmentCache
  private let outbox: Outbox
  private let security: ServerSecurity?

  init(
    routes: [String: RequestHandler], cache: GzipSegmentCache, outbox: Outbox,
    security: ServerSecurity?
  ) {
    self.routes = routes
    self.cache = cache
    self.outbox = outbox
    self.security = security
  }

  /// Whether connections are encrypted.
  var usesTLS: Bool { security?.usesTLS ?? false }

  /// Answers a request, or refuses it if it is not authenticated.
  func respond(
    to head: HTTPRequestHead, from remoteAddress: String, on channel: any Channel
  ) async -> OutgoingResponse {
    guard let security else { return await answer(to: head, from: remoteAddress, on: channel) }
    let settings = security.current()
    var response: OutgoingResponse
    if let refusal = await security.refusal(of: head, from: remoteAddress, under: settings) {
      response = outgoing(refusal, to: head, on: channel)
    } else {
      response = await answer(to: head, from: remoteAddress, on: channel)
    }
    for header in settings.headers where !response.headers.contains(name: header.name) {
      response.headers.add(name: header.name, value: header.value)
    }
    return response
  }

  private func answer(
    to head: HTTPRequestHead, from remoteAddress: String, on channel: any Channel
  ) async -> OutgoingResponse {
    let target = RequestTarget(head.uri)
    guard let handler = routes[target.path] else {
      return outgoing(.text(404, "404 not found\n"), to: head, on: channel)
    }
    guard let method = Request.Method(rawValue: head.method.rawValue) else {
      var refusal = Response.text(405, "405 method not allowed\n")
      refusal.headers = [(name: "Allow", value: "GET, HEAD")]
      return outgoing(refusal, to: head, on: channel)
    }
    let request = Request(
      method: method, path: target.path, query: target.query,
      headers: head.headers.map { (name: $0.name, value: $0.value) }, remoteAddress: remoteAddress)
    return outgoing(await handler(request), to: head, on: channel)
  }

  /// The answer to a request that is invalid.
  func refusal(_ status: HTTPResponseStatus, on channel: any Channel) -> OutgoingResponse {
    let response = Response.text(
      Int(status.code), "\(status.code) \(status.reasonPhrase.lowercased())\n")
    return OutgoingResponse(
      status: status, headers: headers(of: response, encoding: nil, body: response.body),
      body: outbox.accept(response.body, for: channel))
  }

  private func outgoing(
    _ response: Response, to request: HTTPRequestHead, on channel: any Channel
  ) -> OutgoingResponse {
    var body = response.body
    var encoding: String?
    if request.acceptsGzip, response.isCompressible(from: Self.minCompressedBytes),
      let member = try? cache.member(of: body)
    {
      body = member
      encoding = "gzip"
    }
    var headers = headers(of: response, encoding: encoding, body: body)
    if response.isCompressible(from: Self.minCompressedBytes) {
      headers.add(name: "Vary", value: "Accept-Encoding")
    }
    return OutgoingResponse(
      status: HTTPResponseStatus(statusCode: response.status), headers: headers,
      body: outbox.accept(request.method == .HEAD ? [] : body, for: channel))
  }

  private func headers(
    of response: Response, encoding: String?, body: [[UInt8]]
  ) -> HTTPHeaders {
    var headers = HTTPHeaders(response.headers.map { ($0.name, $0.value) })
    headers.replaceOrAdd(name: "Content-Type", value: response.contentType)
    headers.replaceOrAdd(name: "Content-Length", value: String(body.byteCount))
    headers.replaceOrAdd(name: "X-Content-Type-Options", value: "nosniff")
    if let encoding {
      headers.add(name: "Content-Encoding", value: encoding)
    }
    return headers
  }
}

extension HTTPRequestHead {
  fileprivate var acceptsGzip: Bool {
    let fields = headers["Accept-Encoding"]
    return AcceptEncoding(fields.isEmpty ? nil : fields.joined(separator: ",")).allowsGzip
  }
}

extension Response {
  /// Whether compression is worthwhile, and the handler has not done it already.
  fileprivate func isCompressible(from minBytes: Int) -> Bool {
    body.byteCount >= minBytes
      && !headers.contains { $0.name.lowercased() == "content-encoding" }
  }
}

extension [[UInt8]] {
  fileprivate var byteCount: Int {
    reduce(0) { $0 + $1.count }
  }
}
