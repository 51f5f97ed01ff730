import { Link } from "react-router";
import type { Schemas } from "../../api/types";
import styles from "./batches.module.css";
import { words } from "./words";

interface BatchStripProps {
  projectId: string;
  latest: Schemas["LatestResult"][];
}

/** The images that were done a moment ago, newest first, in a row whose height never changes. */
export function BatchStrip({ projectId, latest }: BatchStripProps) {
  return (
    <div className={styles.strip} data-testid="latest">
      {latest.length === 0 && <span className="faint">{words.latestNone}</span>}
      {latest.map((result) => (
        <Link
          key={result.image_id}
          to={`/projects/${projectId}/images/${result.image_id}`}
          className={styles.result}
        >
          <div className={styles.picture}>
            <img src={result.thumbnail_url} alt="" />
            {result.overlay_url && <img src={result.overlay_url} alt="" />}
          </div>
          <div className={`${styles.caption} numbers`}>
            <span title={result.file_name}>{result.file_name}</span>
            <span>{result.state === "failed" ? words.failed : (result.mask_count ?? "")}</span>
          </div>
        </Link>
      ))}
    </div>
  );
}
