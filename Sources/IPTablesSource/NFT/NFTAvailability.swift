internal import Platform

/// Whether the kernel's nf_tables can be asked without the kernel's loading it for that.
enum NFTAvailability {
  /// Whether nf_tables is there: loaded, built in, or in a kernel that loads no modules, which has
  /// nothing to lose by being asked.
  static var isPresent: Bool {
    FileBytes.exists("/sys/module/nf_tables") || !FileBytes.exists("/proc/modules") || isBuiltIn
  }

  /// Looked for once: the list of the kernel's symbols has megabytes, and doesn't lose what is built in.
  private static let isBuiltIn =
    FileBytes.text("/proc/kallsyms").map { symbols in
      symbols.utf8.split(separator: UInt8(ascii: "\n")).contains { line in
        // A module's symbol ends with the module's name.
        line.suffix(Self.symbol.count).elementsEqual(Self.symbol)
      }
    } ?? false

  private static let symbol = Array(" nft_do_chain".utf8)
}
