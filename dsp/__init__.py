"""Signal processing on numpy arrays: rows are streams, the last axis is time. No state but what is passed in."""
