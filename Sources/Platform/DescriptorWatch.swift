internal import Dispatch

/// Calls somebody back, on a thread of its own, whenever there is something to read.
public final class DescriptorWatch: Sendable {
  private nonisolated(unsafe) let source: any DispatchSourceRead

  /// - Parameters:
  ///   - descriptor: what is read from.
  ///   - owner: who closes it; kept until nobody looks at it any more.
  public init(_ descriptor: Int32, of owner: any AnyObject & Sendable, label: String) {
    unsafe source = DispatchSource.makeReadSource(
      fileDescriptor: descriptor, queue: DispatchQueue(label: label, qos: .utility))
    unsafe source.setCancelHandler { _ = owner }
  }

  /// Begins, once.
  public func start(_ onReadable: @escaping @Sendable () -> Void) {
    unsafe source.setEventHandler(handler: onReadable)
    unsafe source.activate()
  }

  /// Ends; a call that is under way goes on.
  public func cancel() { unsafe source.cancel() }
}
