/// The version control's revision; a released source tree has it filled in.
enum Revision {
  static let text = "unknown"
}
