-- wrk asks GET unless it is told otherwise.
wrk.method = "POST"
