public import ArgumentParser
public import IPTablesSource

/// A backend's name as a flag's value.
extension BackendSelection: ExpressibleByArgument {}
