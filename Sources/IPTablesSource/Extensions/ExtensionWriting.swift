internal import Netfilter
internal import XTables

extension LineWriter {
  /// Appends an extension as the kernel has it.
  ///
  /// - Parameters:
  ///   - name: The name, up to the first zero.
  ///   - info: The extension's struct.
  mutating func write(
    _ role: XTables.Role, _ name: KernelBytes, revision: UInt8, info: KernelBytes,
    with extensions: XTables
  ) {
    name.text.withSpan { name in
      info.withSpan { info in
        extensions.write(role, name, revision: revision, info: info, to: &self)
      }
    }
  }

  /// Appends an extension whose struct was put together here.
  mutating func write(
    _ role: XTables.Role, _ name: StaticString, revision: UInt8 = 0, info: StructBytes,
    with extensions: XTables
  ) {
    extensions.write(
      role, Array(name.description.utf8).span, revision: revision, info: info.bytes.span, to: &self)
  }
}

/// A kernel's struct while it is put together: what nf_tables has as expressions of its own, in the form
/// that x_tables has it in.
struct StructBytes {
  private(set) var bytes: [UInt8] = []

  init(capacity: Int) { bytes.reserveCapacity(capacity) }

  /// Appends a number in the machine's order.
  mutating func append<Number: FixedWidthInteger>(_ number: Number) {
    for shift in stride(from: 0, to: Number.bitWidth, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: number >> Number(shift)))
    }
  }

  mutating func append(_ text: KernelBytes) { bytes += text.array }

  /// Appends zeros up to that size.
  mutating func pad(to size: Int) {
    bytes.append(contentsOf: repeatElement(0, count: max(0, size - bytes.count)))
  }
}
