# Hands requests to the code that docs/verify.md has for Ruby.
#
# Usage: ruby drive.rb < cases.json
# Expects verify.rb beside itself. Prints a line for each case: verified or refused.

require "json"
require_relative "verify"

JSON.parse($stdin.read).each do |request|
  by = { "standard" => :verify, "hopx" => :verify_hopx }.fetch(request["by"])
  verified = send(by, request["secret"], request["headers"], request["body"].unpack1("m0"))
  puts verified ? "verified" : "refused"
end
