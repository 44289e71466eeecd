/// What the server grants a client: sizes, numbers and times.
///
/// The defaults suit a metrics endpoint: few clients, small requests, large responses.
public struct HTTPLimits: Sendable {
  /// The largest request line and header fields together, in bytes; more is answered with 431.
  public var maxHeadBytes = 16 * 1024

  /// The largest request body, in bytes; more is answered with 413. Bodies are read and ignored.
  public var maxBodyBytes = 64 * 1024

  /// How many connections may be open. Beyond, the one that has waited longest for a request makes
  /// room, or else the one that is slowest to read its response. Where every one of them is being
  /// answered, the new one is refused.
  public var maxConnections = 512

  /// How long a request may take from its first byte to its last.
  public var headTimeout = Duration.seconds(10)

  /// How long a connection may stay open without a request.
  public var idleTimeout = Duration.seconds(120)

  /// How long a client may go without reading any of its response.
  public var writeTimeout = Duration.seconds(30)

  /// How many bytes of bodies may be unsent in sum, where what several clients receive counts once.
  /// Beyond, the slowest clients are cut off. Two of the newest body may be unsent in any case.
  public var maxUnsentBytes = 16 * 1024 * 1024

  /// How long requests under way may take to finish once a shutdown was asked for.
  public var drainTimeout = Duration.seconds(10)

  /// How much compressed data is kept between responses, in bytes.
  public var maxCompressedCacheBytes = 4 * 1024 * 1024

  /// How many compressed segments are kept between responses.
  public var maxCompressedCacheCount = 1024

  /// Creates the default limits.
  public init() {}
}
