/// 128 bits that stand for a run of bytes.
struct ContentDigest: Hashable {
  let first: UInt64
  let second: UInt64
}
