internal import Netfilter
internal import XTables

/// Writes rules' lines from the form in which the kernel and libiptc hold them.
///
/// Never fails: an entry that ends too early is a rule that ends there.
struct EntryWriter {
  let layout: EntryLayout
  private let xtables: XTables
  private var line: LineWriter

  init(_ family: IPFamily, _ xtables: XTables) {
    layout = EntryLayout(family)
    self.xtables = xtables
    line = LineWriter(family: family)
  }

  /// What iptables-save prints of the entry behind `-A CHAIN `.
  ///
  /// - Parameters:
  ///   - entry: At most as many bytes as it says itself.
  ///   - targetName: libiptc's name of the target: a chain's, for a jump; empty for a rule that has none.
  mutating func line(of entry: KernelBytes, targetName: KernelBytes) -> ArraySlice<UInt8> {
    line.removeAll()
    if entry.count >= layout.selectorSize { writeSelectors(entry) }
    let target = Int(entry.load(UInt16.self, at: layout.targetOffset) ?? 0)
    var offset = layout.elements
    while let size = entry.load(UInt16.self, at: offset).map(Int.init),
      size >= EntryLayout.extensionHeaderSize, offset + size <= target,
      let match = entry.slice(at: offset, count: size)
    {
      write(.match, match)
      offset += size
    }
    writeTarget(
      entry.slice(at: target, count: max(0, entry.count - target)), name: targetName,
      isGoto: has(layout.gotoFlag, in: entry, at: layout.flags))
    return line.line
  }

  /// Writes a match or a target: a header with size, name and revision, and the extension's own struct.
  private mutating func write(_ role: XTables.Role, _ bytes: KernelBytes) {
    let size = EntryLayout.extensionHeaderSize
    guard let name = bytes.slice(at: 2, count: EntryLayout.extensionNameSize),
      let info = bytes.slice(at: size, count: bytes.count - size)
    else { return }
    line.write(
      role, name, revision: bytes.load(at: size - 1) ?? 0, info: info, with: xtables)
  }

  /// A standard target has no name in its header; libiptc's `name` is the verdict or the chain.
  private mutating func writeTarget(_ bytes: KernelBytes?, name: KernelBytes, isGoto: Bool) {
    if let bytes, bytes.load(UInt8.self, at: 2) ?? 0 != 0 { return write(.target, bytes) }
    if name.count == 0 { return }
    line.option(isGoto ? "-g" : "-j")
    name.withSpan { line.word($0) }
  }

  private mutating func writeSelectors(_ entry: KernelBytes) {
    write("-s", entry, layout.source, mask: layout.sourceMask, inverted: .source)
    write("-d", entry, layout.destination, mask: layout.destinationMask, inverted: .destination)
    write("-i", entry, interface: layout.input, layout.inputMask, inverted: .input)
    write("-o", entry, interface: layout.output, layout.outputMask, inverted: .output)
    if layout.protocolFlag == 0 || has(layout.protocolFlag, in: entry, at: layout.flags) {
      let number = UInt8(truncatingIfNeeded: entry.load(UInt16.self, at: layout.protocol) ?? 0)
      line.write(protocol: number, inverted: isInverted(.protocol, entry))
    }
    if has(layout.fragmentFlag, in: entry, at: layout.flags) {
      line.option("-f", inverted: isInverted(.fragment, entry))
    }
  }

  private mutating func write(
    _ option: StaticString, _ entry: KernelBytes, _ address: Int, mask: Int,
    inverted: EntryLayout.Inversion
  ) {
    guard let address = entry.address(layout.family, at: address),
      let mask = entry.address(layout.family, at: mask)
    else { return }
    let isInverted = isInverted(inverted, entry)
    if mask.isZero, !isInverted { return }
    line.write(option, AddressMatch(address: address, mask: mask, inverted: isInverted))
  }

  /// A full name's mask covers its zero too, a prefix' mask only the prefix.
  private mutating func write(
    _ option: StaticString, _ entry: KernelBytes, interface name: Int, _ mask: Int,
    inverted: EntryLayout.Inversion
  ) {
    let size = EntryLayout.interfaceNameSize
    guard let mask = entry.slice(at: mask, count: size)?.textCount,
      let text = entry.slice(at: name, count: mask)?.text
    else { return }
    let (isPrefix, inverted) = (mask <= text.count, isInverted(inverted, entry))
    text.withSpan { line.write(option, interface: $0, isPrefix: isPrefix, inverted: inverted) }
  }

  private func isInverted(_ inversion: EntryLayout.Inversion, _ entry: KernelBytes) -> Bool {
    has(inversion.rawValue, in: entry, at: layout.inversions)
  }

  private func has(_ flag: UInt8, in entry: KernelBytes, at offset: Int) -> Bool {
    (entry.load(UInt8.self, at: offset) ?? 0) & flag != 0
  }
}
