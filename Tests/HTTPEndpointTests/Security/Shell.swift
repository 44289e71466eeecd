import Dispatch
import TestSupport

/// Runs scripts, while the test's tasks go on.
enum Shell {
  /// Runs a script to its end, on a thread that no task waits for.
  ///
  /// - Returns: What it wrote to its standard output and standard error.
  static func run(_ script: String, in directory: String) async throws -> String {
    let output = await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        let script = "cd '\(directory)' || exit; { \(script)\n} 2>&1; true"
        continuation.resume(returning: Result { try Command.run("sh", "-c", script) })
      }
    }
    return String(decoding: try output.get(), as: UTF8.self)
  }
}
