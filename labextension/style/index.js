import './base.css';
import './batches.css';
import './parameters.css';
