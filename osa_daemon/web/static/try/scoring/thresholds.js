// The numbers that scoring goes by: scoring/thresholds.py says what they are. Durations in seconds.

const DEFAULT_THRESHOLDS = {
  event: 0.5,
  in_progress: 0.5,
  release: 0.3,
  audible: 0.5,
  breath: 0.5,
  snore: 0.5,
  gasp: 0.5,
};

/** Return the rules, with one sensitivity's `thresholds` from the model's metadata. */
export function scoringSettings(thresholds = {}) {
  return {
    thresholds: { ...DEFAULT_THRESHOLDS, ...thresholds },
    min_event_s: 10,
    unknown_after_s: 120,
    merge_gap_s: 3,
    click_s: 0.6,
    hysteresis: 0.7,
    audible_before_s: 60,
    audible_after_s: 30,
    warm_up_s: 5,
    onset_search_s: 14,
    release_s: 1.4,
    doubt_s: 3,
    monitorable_hold_s: 90,
    cover_db: 6,
    silent_after_s: 5,
  };
}
