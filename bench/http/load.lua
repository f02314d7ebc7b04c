-- wrk's script: asks for each line of a file in turn; prints what bench.http.load reads.
local requests, turn = {}, 0

function init(arguments)
  wrk.headers["X-Forwarded-Proto"] = "https"
  wrk.headers["Accept-Encoding"] = "gzip"
  for line in io.lines(arguments[1]) do
    local path, etag = line:match("^(%S+)%s*(.*)$")
    wrk.headers["If-None-Match"] = etag ~= "" and etag or nil
    requests[#requests + 1] = wrk.format("GET", path)
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function done(summary, latency, _)
  local faults = summary.errors.status + summary.errors.connect + summary.errors.read
    + summary.errors.write + summary.errors.timeout
  print(string.format(
    "MEASURED %f %f %f %d", summary.requests / summary.duration * 1e6,
    latency:percentile(50) / 1000, latency:percentile(95) / 1000, faults
  ))
end
