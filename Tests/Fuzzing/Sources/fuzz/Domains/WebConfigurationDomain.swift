import WebConfiguration

/// A file for `--web.config.file`.
enum WebConfigurationDomain {
  static func check(_ bytes: [UInt8]) {
    do throws(ConfigurationError) {
      _ = try WebConfiguration(parsing: bytes, path: "web.yml")
    } catch {
      guard let position = error.position else { fatalError("an error has a place: \(error)") }
      // YAML knows more ends of lines than one.
      require(position.line > 0 && position.line <= bytes.count + 2, "the line is in the file")
      require(position.column > 0, "columns are counted from 1")
    }
  }
}
