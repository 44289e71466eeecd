/// The lines of a text, without their ends, numbered from 1.
struct SaveFileLines: Sequence, IteratorProtocol {
  struct Line {
    let number: Int
    let text: ArraySlice<UInt8>
  }

  private let text: [UInt8]
  private var position = 0
  private var number = 0

  init(_ text: [UInt8]) { self.text = text }

  mutating func next() -> Line? {
    guard position < text.count else { return nil }
    let start = position
    let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
    position = end + 1
    number += 1
    let isCRLF = end > start && text[end - 1] == UInt8(ascii: "\r")
    return Line(number: number, text: text[start..<(isCRLF ? end - 1 : end)])
  }
}
